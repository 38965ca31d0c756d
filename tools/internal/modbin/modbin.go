// Package modbin builds the programs of a Go module that pins them, from the Go module proxy, once per state of the module.
// Which programs there are, and where they belong, is for the packages beside it.
package modbin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Program is a main package and the file name that it gets.
type Program struct {
	Package, Name string
	// CGO programs need a C compiler and libraries; others are static.
	CGO bool
}

const modulePath = "github.com/etcdbake/etcdbake"

// keyFile holds, beside the binaries, what they were built from; it is written last.
const keyFile = ".key"

// Root returns the repository's folder: the nearest one upwards that holds the main module's go.mod.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module "+modulePath+"\n") {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("the repository of " + modulePath + " was not found: run inside it")
		}
		dir = parent
	}
}

// Ensure builds programs of the module in the folder module into the folder out, unless out holds
// them already and neither the module nor the Go version has changed. Processes that ask at the same time wait for the
// first one.
func Ensure(ctx context.Context, module, out string, programs []Program) error {
	return EnsureOverlaid(ctx, module, out, programs, nil)
}

// EnsureOverlaid is Ensure with other files in the place of some, by their absolute paths.
func EnsureOverlaid(ctx context.Context, module, out string, programs []Program, overlay Overlay) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	lock := flock.New(out + ".lock")
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return fmt.Errorf("waiting for %s.lock: %w", out, err)
	}
	defer func() { _ = lock.Unlock() }() // the kernel drops it with the process in any case
	key, err := moduleKey(module, overlay)
	if err != nil {
		return err
	}
	have, err := os.ReadFile(filepath.Join(out, keyFile))
	if err == nil && string(have) == key {
		return nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return build(ctx, module, out, programs, overlay, key)
}

// Overlay is the contents of files by the absolute paths that they are compiled at, as of the go command's -overlay.
type Overlay map[string][]byte

// write writes the overlay into the folder, and returns the go command's flags for it.
func (o Overlay) write(dir string) ([]string, error) {
	if len(o) == 0 {
		return nil, nil
	}
	list := struct{ Replace map[string]string }{map[string]string{}}
	for target, content := range o {
		list.Replace[target] = filepath.Join(dir, "overlay-"+filepath.Base(target))
		if err := os.WriteFile(list.Replace[target], content, 0o644); err != nil {
			return nil, err
		}
	}
	text, err := json.Marshal(list)
	if err != nil {
		return nil, err
	}
	file := filepath.Join(dir, "overlay.json")
	return []string{"-overlay", file}, os.WriteFile(file, text, 0o644)
}

// moduleKey digests all that decides the binaries' bytes.
func moduleKey(module string, overlay Overlay) (string, error) {
	digest := sha256.New()
	fmt.Fprintln(digest, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", err
		}
		digest.Write(content)
	}
	for _, target := range slices.Sorted(maps.Keys(overlay)) {
		fmt.Fprintf(digest, "%s %d\n%s", target, len(overlay[target]), overlay[target])
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// build compiles into a temporary folder and renames each binary into place, so that one that runs is never overwritten.
func build(ctx context.Context, module, out string, programs []Program, overlay Overlay, key string) error {
	tmp, err := os.MkdirTemp(out, ".build-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	flags, err := overlay.write(tmp)
	if err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", tmp + string(filepath.Separator)}
	args = append(args, flags...)
	cgo := "CGO_ENABLED=0"
	for _, program := range programs {
		args = append(args, program.Package)
		if program.CGO {
			cgo = "CGO_ENABLED=1"
		}
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), cgo, "GOWORK=off", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building in %s: %w\n%s", module, err, output)
	}
	if err := os.Remove(filepath.Join(out, keyFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // a key must never stand beside binaries of another build
	}
	for _, program := range programs {
		if err := os.Rename(filepath.Join(tmp, builtName(program.Package)), filepath.Join(out, program.Name)); err != nil {
			return err
		}
	}
	keyPath := filepath.Join(tmp, keyFile)
	if err := os.WriteFile(keyPath, []byte(key), 0o644); err != nil {
		return err
	}
	return os.Rename(keyPath, filepath.Join(out, keyFile))
}

// GoRoot returns the folder of the Go that builds the module.
func GoRoot(ctx context.Context, module string) (string, error) {
	cmd := exec.CommandContext(ctx, "go", "env", "GOROOT")
	cmd.Dir = module
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go env GOROOT in %s: %w", module, err)
	}
	return strings.TrimSpace(string(out)), nil
}

// builtName is the name that the go command gives a package's binary: the last part of its path that is no major version.
func builtName(pkg string) string {
	if regexp.MustCompile(`^v[0-9]+$`).MatchString(path.Base(pkg)) {
		pkg = path.Dir(pkg)
	}
	return path.Base(pkg)
}

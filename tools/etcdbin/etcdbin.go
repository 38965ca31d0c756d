// Package etcdbin builds real etcd, etcdctl and etcdutl from the Go module proxy for tests, once per version, into
// .cache/etcd of the repository. Versions are pinned, with their checksums, by the modules in tools/etcd35 and so on.
package etcdbin

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Binaries are absolute paths of static executables for this machine.
type Binaries struct {
	Etcd, Etcdctl, Etcdutl string
}

const modulePath = "github.com/etcdbake/etcdbake"

// keyFile holds, beside the binaries, what they were built from; it is written last.
const keyFile = ".key"

// modules returns the tool module's folder by the version that it pins.
func modules() map[string]string {
	return map[string]string{
		"3.5.35": "tools/etcd35",
		"3.6.14": "tools/etcd36",
		"3.7.3":  "tools/etcd37",
	}
}

// Versions lists what Build can build, oldest first.
func Versions() []string { return slices.Sorted(maps.Keys(modules())) }

// Build returns the binaries of one etcd version ("3.6.14"), building them if they are not there or if the tool module
// or the Go version has changed. Processes that ask at the same time wait for the first one.
func Build(ctx context.Context, version string) (Binaries, error) {
	folder, ok := modules()[version]
	if !ok {
		return Binaries{}, fmt.Errorf("etcd %s is not pinned in tools/: use one of %s", version, strings.Join(Versions(), ", "))
	}
	root, err := Root()
	if err != nil {
		return Binaries{}, err
	}
	return ensure(ctx, filepath.Join(root, folder), filepath.Join(root, ".cache", "etcd", version))
}

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

// ensure builds the tool module in module into out, unless out holds its binaries already.
func ensure(ctx context.Context, module, out string) (Binaries, error) {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return Binaries{}, err
	}
	lock := flock.New(out + ".lock")
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return Binaries{}, fmt.Errorf("waiting for %s.lock: %w", out, err)
	}
	defer func() { _ = lock.Unlock() }() // the kernel drops it with the process in any case
	key, err := moduleKey(module)
	if err != nil {
		return Binaries{}, err
	}
	built := Binaries{
		Etcd:    filepath.Join(out, "etcd"),
		Etcdctl: filepath.Join(out, "etcdctl"),
		Etcdutl: filepath.Join(out, "etcdutl"),
	}
	have, err := os.ReadFile(filepath.Join(out, keyFile))
	if err == nil && string(have) == key {
		return built, nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Binaries{}, err
	}
	return built, build(ctx, module, built, key)
}

// moduleKey digests all that decides the binaries' bytes.
func moduleKey(module string) (string, error) {
	digest := sha256.New()
	fmt.Fprintln(digest, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	for _, name := range []string{"go.mod", "go.sum"} {
		content, err := os.ReadFile(filepath.Join(module, name))
		if err != nil {
			return "", err
		}
		digest.Write(content)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// build compiles into a temporary folder and renames each binary into place, so that one that runs is never overwritten.
func build(ctx context.Context, module string, to Binaries, key string) error {
	out := filepath.Dir(to.Etcd)
	tmp, err := os.MkdirTemp(out, ".build-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(tmp) }()
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-o", tmp+string(filepath.Separator),
		"go.etcd.io/etcd/server/v3", "go.etcd.io/etcd/etcdctl/v3", "go.etcd.io/etcd/etcdutl/v3")
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOOS="+runtime.GOOS, "GOARCH="+runtime.GOARCH)
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building etcd in %s: %w\n%s", module, err, output)
	}
	if err := os.Remove(filepath.Join(out, keyFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err // a key must never stand beside binaries of another build
	}
	for name, path := range map[string]string{"server": to.Etcd, "etcdctl": to.Etcdctl, "etcdutl": to.Etcdutl} {
		if err := os.Rename(filepath.Join(tmp, name), path); err != nil {
			return err
		}
	}
	keyPath := filepath.Join(tmp, keyFile)
	if err := os.WriteFile(keyPath, []byte(key), 0o644); err != nil {
		return err
	}
	return os.Rename(keyPath, filepath.Join(out, keyFile))
}

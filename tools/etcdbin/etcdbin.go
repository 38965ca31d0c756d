// Package etcdbin builds real etcd, etcdctl and etcdutl from the Go module proxy for tests, once per version, into
// .cache/etcd of the repository. Versions are pinned, with their checksums, by the modules in tools/etcd35 and so on.
package etcdbin

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/tools/internal/modbin"
)

// Binaries are absolute paths of static executables for this machine.
type Binaries struct {
	Etcd, Etcdctl, Etcdutl string
}

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
		return Binaries{}, unknown(version)
	}
	root, err := Root()
	if err != nil {
		return Binaries{}, err
	}
	out := filepath.Join(root, ".cache", "etcd", version)
	err = modbin.Ensure(ctx, filepath.Join(root, folder), out, []modbin.Program{
		{Package: "go.etcd.io/etcd/server/v3", Name: "etcd"},
		{Package: "go.etcd.io/etcd/etcdctl/v3", Name: "etcdctl"},
		{Package: "go.etcd.io/etcd/etcdutl/v3", Name: "etcdutl"},
	})
	if err != nil {
		return Binaries{}, err
	}
	return Binaries{
		Etcd:    filepath.Join(out, "etcd"),
		Etcdctl: filepath.Join(out, "etcdctl"),
		Etcdutl: filepath.Join(out, "etcdutl"),
	}, nil
}

func unknown(version string) error {
	return fmt.Errorf("etcd %s is not pinned in tools/: use one of %s", version, strings.Join(Versions(), ", "))
}

// Root returns the repository's folder: the nearest one upwards that holds the main module's go.mod.
func Root() (string, error) { return modbin.Root() }

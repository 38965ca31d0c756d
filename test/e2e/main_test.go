//go:build e2e

// Package e2e boots real hosts from what etcdbake generates, and has etcd-verify judge them from outside.
package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/commands"
	"github.com/etcdbake/etcdbake/test/internal/release"
	"github.com/etcdbake/etcdbake/tools/ignitionbin"
)

const (
	version = "3.6.14"
	suite   = "bookworm"
)

func TestMain(m *testing.M) { os.Exit(host.Main(m, prepare)) }

// prepare makes everything that needs the network or a compiler. What it makes is kept in .cache.
func prepare(ctx context.Context) error {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		return fmt.Errorf("%w: apt-get install shellcheck", err)
	}
	if err := os.MkdirAll(cached("e2e"), 0o755); err != nil {
		return err
	}
	if _, err := release.Pack(ctx, version, cached("e2e")); err != nil {
		return err
	}
	if err := commands.BuildInto(ctx, command(""), "etcdbake", "etcd-verify"); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		_, err := ignitionbin.Apply(ctx)
		return err
	})
	for _, root := range systems() {
		group.Go(func() error {
			_, err := root(ctx)
			return err
		})
	}
	return group.Wait()
}

// system returns the root file system of one kind of host.
type system func(context.Context) (string, error)

// systems are all that hosts are booted from.
func systems() []system {
	return []system{debian("bullseye"), rootFS, debian("trixie"), bare, withMkfs}
}

func rootFS(ctx context.Context) (string, error) { return debian(suite)(ctx) }

// debian has, besides what a host needs, a second shell to judge our scripts by.
func debian(suite string) system {
	return func(ctx context.Context) (string, error) {
		return host.RootFS(ctx, cached("rootfs"), suite, append(host.Packages(), "busybox"))
	}
}

// bare has no cloud-init.
func bare(ctx context.Context) (string, error) {
	return host.RootFS(ctx, cached("rootfs"), suite, host.BarePackages())
}

// withMkfs can make every file system that a data disk may have.
func withMkfs(ctx context.Context) (string, error) {
	return host.RootFS(ctx, cached("rootfs"), suite, append(host.Packages(), "busybox", "e2fsprogs", "xfsprogs"))
}

// cached returns a path in the repository's cache folder.
func cached(name string) string { return filepath.Join("..", "..", ".cache", name) }

// command returns the absolute path of one of our commands.
func command(name string) string {
	path, err := filepath.Abs(filepath.Join(cached("e2e/bin"), name))
	if err != nil {
		panic(err) // the working folder is gone
	}
	return path
}

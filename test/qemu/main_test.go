//go:build e2e

// Package qemu goes from a plain Debian disk to a verified cluster of machines that boot from its baked image, all in QEMU.
package qemu

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/commands"
	"github.com/etcdbake/etcdbake/test/internal/release"
	"github.com/etcdbake/etcdbake/tools/packerbin"
)

const (
	version = "3.6.14"
	suite   = "bookworm"
)

func TestMain(m *testing.M) { os.Exit(host.Main(m, prepare)) }

// prepare makes everything that needs the network or a compiler. What it makes is kept in .cache.
func prepare(ctx context.Context) error {
	for _, tool := range []string{"extlinux", "mke2fs", "qemu-img", "qemu-system-x86_64", "sfdisk", "xorriso"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%w: run .ci/packages", err)
		}
	}
	if err := os.MkdirAll(cached("."), 0o755); err != nil {
		return err
	}
	if _, err := release.Pack(ctx, version, cached(".")); err != nil {
		return err
	}
	if err := commands.BuildInto(ctx, cached("bin"), "etcdbake", "etcd-verify", "packer-plugin-etcd"); err != nil {
		return err
	}
	if _, err := packerbin.Packer(ctx, packerbin.Newest); err != nil {
		return err
	}
	if _, err := packerbin.QEMUPlugin(ctx); err != nil {
		return err
	}
	_, err := rootFS(ctx)
	return err
}

// rootFS is what a cloud's plain Debian image has, and a kernel.
func rootFS(ctx context.Context) (string, error) {
	return host.RootFS(ctx, filepath.Join(cached("."), "..", "rootfs"), suite,
		append(host.Packages(), "e2fsprogs", "linux-image-cloud-amd64", "netplan.io", "openssh-server", "sudo", "systemd-timesyncd"))
}

// cached returns the absolute path of something in this test's part of the repository's cache folder.
func cached(name string) string {
	path, err := filepath.Abs(filepath.Join("..", "..", ".cache", "qemu", name))
	if err != nil {
		panic(err) // the working folder is gone
	}
	return path
}

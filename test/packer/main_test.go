//go:build e2e

// Package packer bakes real hosts over ssh with a real Packer and our plugin, and makes a cluster of what it has baked.
package packer

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/commands"
	"github.com/etcdbake/etcdbake/test/internal/realpacker"
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
	if err := os.MkdirAll(cached("e2e"), 0o755); err != nil {
		return err
	}
	if _, err := release.Pack(ctx, version, cached("e2e")); err != nil {
		return err
	}
	if err := commands.BuildInto(ctx, command(""), "etcdbake", "etcd-verify", "packer-plugin-etcd"); err != nil {
		return err
	}
	for _, v := range packers() {
		if _, err := packerbin.Packer(ctx, v); err != nil {
			return err
		}
	}
	_, err := rootFS(ctx)
	return err
}

// packers are the Packer versions that our plugin is for.
func packers() []string { return []string{packerbin.Newest, packerbin.Oldest} }

// packerWithPlugin returns a version of Packer that has our plugin and nothing else.
func packerWithPlugin(ctx context.Context, version string) (*realpacker.Packer, error) {
	binary, err := packerbin.Packer(ctx, version)
	if err != nil {
		return nil, err
	}
	plugins, err := os.MkdirTemp("", "plugins-") // it vanishes with the test's namespaces
	if err != nil {
		return nil, err
	}
	return realpacker.New(ctx, binary, plugins, map[string]string{"github.com/etcdbake/etcd": command("packer-plugin-etcd")})
}

// rootFS has, besides what a host needs, what Packer's communicator needs.
func rootFS(ctx context.Context) (string, error) {
	return host.RootFS(ctx, cached("rootfs"), suite, append(host.Packages(), "openssh-server", "sudo"))
}

// cached returns a path in the repository's cache folder.
func cached(name string) string { return filepath.Join("..", "..", ".cache", name) }

// command returns the absolute path of one of our commands.
func command(name string) string {
	path, err := filepath.Abs(filepath.Join(cached("e2e-packer"), name))
	if err != nil {
		panic(err) // the working folder is gone
	}
	return path
}

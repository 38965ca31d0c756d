// Package packertest gives tests a real Packer that has our plugin, as of the version that templates ask for, and QEMU's.
package packertest

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/etcdbake/etcdbake/test/internal/realpacker"
	"github.com/etcdbake/etcdbake/tools/packerbin"
)

// Packer is a real one.
type Packer struct {
	Path string
	Env  []string // in which it has its plugins, and nothing of the machine's own
}

// New builds what is not built yet, which takes a minute the first time.
func New(t testing.TB) Packer {
	t.Helper()
	path := packerbin.Need(t, packerbin.Newest)
	qemu, err := packerbin.QEMUPlugin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ours := filepath.Join(t.TempDir(), "packer-plugin-etcd")
	build := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-X main.version=0.1.0-dev", "-o", ours,
		"github.com/etcdbake/etcdbake/cmd/packer-plugin-etcd")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("building the plugin: %v\n%s", err, out)
	}
	packer, err := realpacker.New(t.Context(), path, t.TempDir(), map[string]string{
		"github.com/hashicorp/qemu": qemu,
		"github.com/etcdbake/etcd":  ours,
	})
	if err != nil {
		t.Fatal(err)
	}
	return Packer{path, packer.Env(t.TempDir())}
}

// Command prepares a command of Packer in the folder dir.
func (p Packer) Command(t testing.TB, dir string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), p.Path, args...)
	cmd.Dir, cmd.Env = dir, p.Env
	return cmd
}

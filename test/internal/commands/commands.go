// Package commands builds the project's real commands for the tests that run them as whole processes.
package commands

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Build builds the named commands (folders of cmd/) as `make build` does and returns the folder that they are in. They are
// not built with the race detector: what is tested is what people run.
func Build(t testing.TB, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)}
	for _, name := range names {
		args = append(args, "github.com/etcdbake/etcdbake/cmd/"+name)
	}
	build := exec.Command("go", args...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build %v: %v\n%s", names, err, out)
	}
	return dir
}

// Package commands builds the project's real commands for the tests that run them as whole processes.
package commands

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// Build builds the named commands (folders of cmd/) and returns the new folder that they are in.
func Build(t testing.TB, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	if err := BuildInto(t.Context(), dir, names...); err != nil {
		t.Fatal(err)
	}
	return dir
}

// BuildInto builds the named commands as `make build` does into a folder, which it makes. They are not built with the race
// detector: what is tested is what people run.
func BuildInto(ctx context.Context, dir string, names ...string) error {
	args := []string{"build", "-trimpath", "-ldflags=-s -w", "-o", dir + string(filepath.Separator)}
	for _, name := range names {
		args = append(args, "github.com/etcdbake/etcdbake/cmd/"+name)
	}
	build := exec.CommandContext(ctx, "go", args...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %v: %w\n%s", names, err, out)
	}
	return nil
}

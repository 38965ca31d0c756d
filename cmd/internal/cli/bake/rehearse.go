package bake

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/cmd/internal/cli/rehearse"
)

const rehearseProgram = "etcdbake-rehearse"

// rehearseCommand becomes etcdbake-rehearse: that has a whole etcd in it, whose start would cost every other command more
// time than its work takes.
func rehearseCommand() *cobra.Command {
	return rehearse.Command("rehearse", func(_ context.Context, o rehearse.Options, _ cli.Streams) error {
		program, err := findRehearse()
		if err != nil {
			return err
		}
		err = syscall.Exec(program, append([]string{rehearseProgram}, rehearseArguments(o)...), os.Environ())
		return fmt.Errorf("cannot run %s: %w", program, err)
	})
}

// findRehearse looks beside this program first, since the two belong together.
func findRehearse() (string, error) {
	if self, err := os.Executable(); err == nil {
		beside := filepath.Join(filepath.Dir(self), rehearseProgram)
		if info, err := os.Stat(beside); err == nil && info.Mode().IsRegular() {
			return beside, nil
		}
	}
	path, err := exec.LookPath(rehearseProgram)
	if err != nil {
		return "", fmt.Errorf("%s is neither beside etcdbake nor in PATH: install all commands with `make install`",
			rehearseProgram)
	}
	return path, nil
}

func rehearseArguments(o rehearse.Options) []string {
	arguments := []string{"--out", o.Out, "--pki", o.PKI, "--timeout", o.Timeout.String(), "--output", o.Output}
	if o.Etcd != "" {
		arguments = append(arguments, "--etcd", o.Etcd)
	}
	if o.Keep {
		arguments = append(arguments, "--keep")
	}
	return arguments
}

// Package cli holds what all our commands share: streams, exit codes and how an error is shown. Rules of the terminal:
// data goes to stdout, everything else to stderr; colour only on a terminal and never with NO_COLOR; an error is one line
// that says what, where and what to do next, and no command prints its usage because of an error.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// Exit codes of every command.
const (
	ExitOK           = 0
	ExitFailed       = 1 // it was tried and did not work; for etcd-verify: a check failed
	ExitUsage        = 2 // bad flags or bad input; nothing was written
	ExitUndetermined = 3 // etcd-verify only: it could not be told
)

// Streams are what a command reads and writes.
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// System returns the process's own streams.
func System() Streams { return Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr} }

// ExitError is an error with an exit code of its own; Err may be nil when everything has been said already.
type ExitError struct {
	Code int
	Err  error
}

func (e *ExitError) Error() string {
	if e.Err == nil {
		return fmt.Sprintf("exit %d", e.Code)
	}
	return e.Err.Error()
}

func (e *ExitError) Unwrap() error { return e.Err }

// UsageError marks err as bad input: exit 2.
func UsageError(err error) error { return &ExitError{Code: ExitUsage, Err: err} }

// Run executes a command tree and returns the exit code. Ctrl-C and SIGTERM cancel the command's context; the context's
// cause then ends as exit 1.
func Run(root *cobra.Command, args []string, s Streams) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	root.SilenceErrors = true
	root.SilenceUsage = true
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return UsageError(fmt.Errorf("%w\nsee %s --help", err, c.CommandPath()))
	})
	err := root.ExecuteContext(ctx)
	if err == nil {
		return ExitOK
	}
	code := ExitFailed
	var exit *ExitError
	if errors.As(err, &exit) {
		code = exit.Code
		if exit.Err == nil {
			return code
		}
	}
	fmt.Fprintf(s.Err, "%s: %v\n", root.Name(), err)
	return code
}

// NoArgs refuses positional arguments with exit 2.
func NoArgs(c *cobra.Command, args []string) error {
	if len(args) > 0 {
		return UsageError(fmt.Errorf("unexpected argument %q\nsee %s --help", args[0], c.CommandPath()))
	}
	return nil
}

// KnownCommand refuses, for a root command, a subcommand that it does not have, and suggests the nearest one.
func KnownCommand(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	suggestion := ""
	if near := c.SuggestionsFor(args[0]); len(near) > 0 {
		suggestion = "; did you mean " + near[0] + "?"
	}
	return UsageError(fmt.Errorf("unknown command %q%s\nsee %s --help", args[0], suggestion, c.CommandPath()))
}

// IsTerminal tells whether w is a terminal.
func IsTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// Color tells whether output to w may be coloured: a terminal, no NO_COLOR (https://no-color.org), TERM not "dumb".
func Color(w io.Writer) bool {
	return IsTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// CompleteValues offers the values of a flag to shell completion.
func CompleteValues(c *cobra.Command, flag string, values ...string) {
	complete := cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)
	if err := c.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err) // the command has no such flag: a mistake of ours that every run shows
	}
}

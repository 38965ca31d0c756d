package verifycmd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/output"
)

// clear moves a terminal's cursor to its corner and empties the screen.
const clear = "\x1b[H\x1b[2J"

// watching verifies again and again until ctx ends, and then returns the last report's exit code.
func (c *command) watching(ctx context.Context) error {
	var last *verify.Report
	for {
		r, err := verify.Run(ctx, c.options)
		switch {
		case ctx.Err() != nil && last != nil:
			return c.exit(last)
		case ctx.Err() != nil:
			return stopped(ctx)
		case err != nil:
			return cli.UsageError(err)
		}
		if err := c.writeRound(r); err != nil {
			return unwritten(err)
		}
		last = r
		select {
		case <-ctx.Done():
			return c.exit(last)
		case <-time.After(c.watch):
		}
	}
}

// writeRound writes one of many reports: a table is drawn over the last one on a terminal, JSON takes a line, and files are
// replaced.
func (c *command) writeRound(r *verify.Report) error {
	switch {
	case c.outputs.onStdout("json"):
		return errors.Join(output.JSONLine(c.streams.Out, r), c.outputs.writeFiles(r))
	case c.outputs.onStdout("table") && cli.IsTerminal(c.streams.Out):
		fmt.Fprint(c.streams.Out, clear)
	}
	return c.outputs.write(c.streams.Out, r)
}

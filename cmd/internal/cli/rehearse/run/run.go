// Package run carries out a rehearsal for the command line: artefacts in, one report on stdout, everything else on stderr.
package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	rehearsecmd "github.com/etcdbake/etcdbake/cmd/internal/cli/rehearse"
	"github.com/etcdbake/etcdbake/generator/rehearse"
	"github.com/etcdbake/etcdbake/verify/output"
)

// Run rehearses the artefacts that the options name. With Keep it returns when ctx ends.
func Run(ctx context.Context, o rehearsecmd.Options, s cli.Streams) error {
	start := time.Now()
	artefacts, err := rehearse.Load(o.Out, o.PKI)
	if err != nil {
		return cli.UsageError(err)
	}
	cluster, err := rehearse.Start(ctx, artefacts, rehearse.Options{
		Etcd:     o.Etcd,
		Timeout:  o.Timeout,
		Progress: func(line string) { fmt.Fprintln(s.Err, line) },
	})
	switch {
	case errors.Is(err, rehearse.ErrUnsupported):
		return &cli.ExitError{Code: cli.ExitUndetermined, Err: err}
	case errors.Is(err, rehearse.ErrEtcd):
		return cli.UsageError(fmt.Errorf("--etcd %s: %w", o.Etcd, err))
	case ctx.Err() != nil:
		return errors.New("interrupted; nothing is left of the rehearsal")
	case err != nil:
		return err
	}
	defer cluster.Close()
	if err := report(cluster.Outcome, o.Output, s); err != nil {
		return err
	}
	fmt.Fprintf(s.Err, "rehearsed in %s\n", time.Since(start).Round(10*time.Millisecond))
	if o.Keep {
		if err := keep(ctx, cluster, artefacts.Expect, o.PKI, s.Err); err != nil {
			return err
		}
	}
	return verdict(cluster.Outcome)
}

// report prints the checks' report to stdout, and what failed members said to stderr.
func report(out rehearse.Outcome, format string, s cli.Streams) error {
	var err error
	if format == "json" {
		err = output.JSON(s.Out, out.Report)
	} else {
		err = output.Table(s.Out, out.Report, cli.Color(s.Out))
	}
	for _, f := range out.Failures {
		writeFailure(s.Err, f)
	}
	return err
}

func writeFailure(w io.Writer, f rehearse.Failure) {
	fmt.Fprintf(w, "\n%s: %s\n", f.Member, f.Reason)
	if len(f.Log) > 0 {
		fmt.Fprintln(w, "the last of its log:")
	}
	for _, line := range f.Log {
		fmt.Fprintln(w, "  "+line)
	}
}

// verdict is the command's exit code; what is wrong has been printed.
func verdict(out rehearse.Outcome) error {
	code := out.Report.ExitCode()
	if len(out.Failures) > 0 {
		code = cli.ExitFailed
	}
	if code == cli.ExitOK {
		return nil
	}
	return &cli.ExitError{Code: code}
}

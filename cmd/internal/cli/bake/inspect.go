package bake

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/generator/inspect"
	"github.com/etcdbake/etcdbake/generator/userdata"
)

type inspectOptions struct {
	paths        []string // one, or two with diff; "-" is standard input
	file, output string
	diff         bool
	now          func() time.Time
}

const inspectLong = `inspect opens user-data and shows what a host would do with it: files, folders, units, commands, certificates, and
which clouds take it. It reads what etcdbake writes and what others do: cloud-configs, etcdbake's shell scripts, Ignition
configs and seed ISOs, in gzip, base64, MIME messages and cloud-config-archives.

Private keys, passwords and other secrets are never shown. - is standard input.

Exit codes: 0, and with --diff that both make the same host; 1 with --diff that they differ; 2 what cannot be read.`

func inspectCommand() *cobra.Command {
	options := inspectOptions{now: time.Now}
	command := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Show what a host would do with user-data of any format",
		Long:  inspectLong,
		Example: `  etcdbake inspect out/user-data/master1.yaml
  etcdbake inspect out/user-data/master1.yaml --file /etc/etcd/etcd.conf
  etcdbake inspect --diff old.yaml out/user-data/master1.yaml
  curl -s http://169.254.169.254/latest/user-data | etcdbake inspect -`,
		RunE: func(c *cobra.Command, args []string) error {
			options.paths = args
			return runInspect(options, cli.Streams{In: c.InOrStdin(), Out: c.OutOrStdout(), Err: c.ErrOrStderr()})
		},
	}
	flags := command.Flags()
	flags.BoolVar(&options.diff, "diff", false, "compare two files")
	flags.StringVar(&options.file, "file", "", "print this file's content, of those that the host would have")
	flags.StringVarP(&options.output, "output", "o", "table", "what to print: "+oneOf(outputs()))
	cli.CompleteValues(command, "output", outputs()...)
	return command
}

// check refuses arguments that no run can take.
func (o inspectOptions) check() error {
	want := 1
	if o.diff {
		want = 2
	}
	switch {
	case len(o.paths) != want && o.diff:
		return fmt.Errorf("--diff takes two files, and %d are given", len(o.paths))
	case len(o.paths) == 0:
		return errors.New("name the user-data to inspect, or - for standard input")
	case len(o.paths) != want:
		return fmt.Errorf("one file at a time, and %d are given: to compare two, use --diff", len(o.paths))
	case o.diff && o.paths[0] == "-" && o.paths[1] == "-":
		return errors.New("--diff - -: standard input can be read only once")
	case o.diff && o.file != "":
		return errors.New("--file shows a file of one user-data: leave out --diff")
	case !slices.Contains(outputs(), o.output):
		return fmt.Errorf("--output %q: want %s", o.output, oneOf(outputs()))
	}
	return nil
}

func runInspect(o inspectOptions, s cli.Streams) error {
	if err := o.check(); err != nil {
		return cli.UsageError(err)
	}
	var reports []*inspect.Report
	for _, path := range o.paths {
		r, err := readReport(path, s.In, o.now())
		if err != nil {
			return cli.UsageError(err)
		}
		reports = append(reports, r)
	}
	switch {
	case o.diff:
		return writeDiff(s.Out, o, reports[0], reports[1])
	case o.file != "":
		content, err := reports[0].Show(o.file)
		if err != nil {
			return cli.UsageError(fmt.Errorf("%s: %w", o.paths[0], err))
		}
		_, err = io.WriteString(s.Out, content)
		return err
	case o.output == "json":
		return writeIndented(s.Out, reports[0])
	}
	return writeReport(s.Out, o.paths[0], reports[0])
}

// readReport reads no more than any user-data can have.
func readReport(path string, stdin io.Reader, now time.Time) (*inspect.Report, error) {
	in := stdin
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	data, err := io.ReadAll(io.LimitReader(in, userdata.MaxSize+1)) // one more than is taken, so that it is noticed
	if err == nil {
		var report *inspect.Report
		if report, err = inspect.Read(data, now); err == nil {
			return report, nil
		}
	}
	if path == "-" {
		path = "standard input"
	}
	return nil, fmt.Errorf("%s: %w", path, err)
}

// writeDiff ends with exit code 1 where there is a difference, as diff(1) does.
func writeDiff(w io.Writer, o inspectOptions, a, b *inspect.Report) error {
	changes := inspect.Diff(a, b)
	var err error
	if o.output == "json" {
		err = writeIndented(w, struct {
			Changes []inspect.Change `json:"changes"`
		}{append([]inspect.Change{}, changes...)})
	} else {
		err = writeChanges(w, o.paths, changes)
	}
	if err == nil && len(changes) > 0 {
		err = &cli.ExitError{Code: cli.ExitFailed}
	}
	return err
}

func writeIndented(w io.Writer, document any) error {
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

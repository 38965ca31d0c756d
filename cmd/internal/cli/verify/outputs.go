package verifycmd

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/output"
)

// outputs are the documents that --output asks for: at most one on stdout, the others in files.
type outputs struct {
	// stdout is nil where all documents go to files.
	stdout *output.Format
	files  []file
	// summary is the file that GitHub shows the content of, and empty where there is none or nobody asked. Other commands of the
	// same step write to it too, so it is appended to.
	summary string
}

// file is a document in a file. One that is there and is no regular file, such as a pipe, is written into, not replaced.
type file struct {
	format  output.Format
	path    string
	special bool
}

// stepSummary is the variable with the path of a GitHub Actions step's summary.
// https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
const stepSummary = "GITHUB_STEP_SUMMARY"

// addOutputFlag adds --output with its completion.
func (c *command) addOutputFlag(root *cobra.Command) {
	names := output.Names(output.Formats(false))
	root.Flags().StringArrayVarP(&c.output, "output", "o", nil,
		"`format` of the report on stdout, or format=file; repeat it for several (default table): "+strings.Join(names, ", "))
	cli.CompleteValues(root, "output", names...)
}

// parseOutputs reads the values of --output, "format" or "format=file", and refuses what could not be written later. The
// default is a table on out. The output github comes with a summary in the file summary, if that is not empty.
func parseOutputs(values []string, out io.Writer, summary string) (outputs, error) {
	if len(values) == 0 {
		values = []string{"table"}
	}
	var all outputs
	for _, value := range values {
		name, path, toFile := strings.Cut(value, "=")
		color := !toFile && cli.Color(out)
		f, ok := output.Find(output.Formats(color), name)
		switch {
		case !ok:
			return outputs{}, fmt.Errorf("--output %q is not one of %s", name, strings.Join(output.Names(output.Formats(false)), ", "))
		case name == "markdown" && toFile && path == summary && summary != "":
			all.summary = summary
		case toFile:
			if err := all.addFile(f, path); err != nil {
				return outputs{}, fmt.Errorf("--output %s: %w", value, err)
			}
		case all.stdout != nil:
			return outputs{}, fmt.Errorf("--output %s and --output %s both go to stdout: give one of them a file, as in %s=FILE",
				all.stdout.Name, name, name)
		default:
			all.stdout = &f
		}
		if name == "github" {
			all.summary = summary
		}
	}
	return all, nil
}

// addFile adds a document in a file, whose folder must be there.
func (o *outputs) addFile(f output.Format, path string) error {
	if path == "" {
		return errors.New("names no file")
	}
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		path = resolved // the link stays, and what it leads to is replaced
	}
	for _, other := range o.files {
		if filepath.Clean(other.path) == filepath.Clean(path) {
			return fmt.Errorf("%s is there already, for %s", path, other.format.Name)
		}
	}
	info, err := os.Stat(path)
	if err == nil && info.IsDir() {
		return fmt.Errorf("%s is a folder: name a file in it", path)
	}
	special := err == nil && !info.Mode().IsRegular()
	folder := filepath.Dir(path)
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return fmt.Errorf("the folder %s does not exist: create it first", folder)
	}
	if err := unix.Access(folder, unix.W_OK|unix.X_OK); err != nil && !special {
		return fmt.Errorf("cannot write to the folder %s: %w", folder, err)
	}
	o.files = append(o.files, file{f, path, special})
	return nil
}

// onStdout tells whether the document on stdout is in the format.
func (o outputs) onStdout(format string) bool { return o.stdout != nil && o.stdout.Name == format }

// write writes every document; one that cannot be written does not keep the others from it.
func (o outputs) write(stdout io.Writer, r *verify.Report) error {
	var errs []error
	if o.stdout != nil {
		errs = append(errs, o.stdout.Write(stdout, r))
	}
	return errors.Join(append(errs, o.writeFiles(r), o.writeSummary(r))...)
}

// writeSummary appends the report to the step's summary.
func (o outputs) writeSummary(r *verify.Report) error {
	if o.summary == "" {
		return nil
	}
	f, err := os.OpenFile(o.summary, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("$%s: %w", stepSummary, err)
	}
	return errors.Join(output.Markdown(f, r), f.Close())
}

func (o outputs) writeFiles(r *verify.Report) error {
	var errs []error
	for _, f := range o.files {
		errs = append(errs, f.write(r))
	}
	return errors.Join(errs...)
}

// write writes the file whole or not at all, and readable by all: what collects it is somebody else.
func (f file) write(r *verify.Report) error {
	var b bytes.Buffer
	if err := f.format.Write(&b, r); err != nil {
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if f.special {
		return os.WriteFile(f.path, b.Bytes(), 0)
	}
	return renameio.WriteFile(f.path, b.Bytes(), 0o644,
		renameio.WithTempDir(filepath.Dir(f.path)), renameio.WithStaticPermissions(0o644))
}

// exitCode is the exit code for the report. Where stdout is a monitoring plugin's, so is the exit code.
func (o outputs) exitCode(r *verify.Report) int {
	if o.onStdout("nagios") {
		return int(output.NagiosStateOf(r))
	}
	return r.ExitCode()
}

// asPlugin makes bad usage "unknown" where the exit code is a monitoring plugin's: 2 would be "critical" there. A report's own
// exit code comes without an error and stays.
func (o outputs) asPlugin(err error) error {
	var exit *cli.ExitError
	if o.onStdout("nagios") && errors.As(err, &exit) && exit.Err != nil && exit.Code == cli.ExitUsage {
		return &cli.ExitError{Code: int(output.NagiosUnknown), Err: exit.Err}
	}
	return err
}

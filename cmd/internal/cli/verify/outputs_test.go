package verifycmd

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/verify/output"
)

func TestSeveralOutputsAtOnceEachHaveTheirDocument(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := t.TempDir()
	args := []string{"--expect", expectation(t, dir), "-o", "table"}
	out := filepath.Join(dir, "reports")
	if err := os.Mkdir(out, 0o755); err != nil {
		t.Fatal(err)
	}
	begins := map[string]string{
		"table": "┌", "json": "{", "junit": "<?xml", "tap": "TAP version 13\n", "nagios": "ETCD CRITICAL - test: ",
		"prometheus": "# HELP etcd_verify_verdict", "github": "::error title=",
		"markdown": "## ❌ etcd-verify: test fail\n", "html": "<!DOCTYPE html>\n",
	}
	for format := range begins {
		args = append(args, "-o", format+"="+filepath.Join(out, format))
	}
	code, stdout, stderr := run(nil, args...)
	if code != cli.ExitFailed || stderr != "" || !strings.Contains(stdout, "FAIL test:") {
		t.Errorf("exit %d with stdout %q, stderr %q; want 1, a table and nothing", code, stdout, stderr)
	}
	for format, begin := range begins {
		path := filepath.Join(out, format)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		if !strings.HasPrefix(string(data), begin) {
			t.Errorf("%s begins with %.20q, want %q", format, data, begin)
		}
		if info, err := os.Stat(path); err != nil || info.Mode() != 0o644 {
			t.Errorf("%s has the mode %v (%v), want 0644 whatever the umask is", format, info.Mode(), err)
		}
	}
	left, err := os.ReadDir(out)
	if err != nil || len(left) != len(begins) {
		t.Errorf("the folder holds %v (%v), want one file for each format", left, err)
	}
	if len(begins) != len(output.Formats(false)) {
		t.Errorf("%d formats are tried, and there are %d", len(begins), len(output.Formats(false)))
	}
}

func TestFilesOnlyLeaveStdoutEmpty(t *testing.T) {
	dir := t.TempDir()
	code, stdout, stderr := run(nil, "--expect", expectation(t, dir), "-o", "json="+filepath.Join(dir, "r.json"))
	if code != cli.ExitFailed || stdout+stderr != "" {
		t.Errorf("exit %d with stdout %q, stderr %q; want 1 and nothing", code, stdout, stderr)
	}
}

func TestAnOldReportIsReplacedWhole(t *testing.T) {
	dir := t.TempDir()
	real, link := filepath.Join(dir, "real.json"), filepath.Join(dir, "link.json")
	write(t, real, []byte(strings.Repeat("x", 1<<20)))
	if err := os.Symlink(real, link); err != nil {
		t.Fatal(err)
	}
	before, err := os.Open(real)
	if err != nil {
		t.Fatal(err)
	}
	defer before.Close()
	run(nil, "--expect", expectation(t, dir), "-o", "json="+link)
	data, err := os.ReadFile(real)
	if err != nil || !json.Valid(data) {
		t.Errorf("the file is no report (%v): %.40q", err, data)
	}
	if old, err := io.ReadAll(before); err != nil || len(old) != 1<<20 {
		t.Errorf("who reads the old report sees %d bytes of it (%v), want all", len(old), err)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is no link any more: %v (%v)", info, err)
	}
}

func TestTheSummaryOfAStepOnGitHubIsAppendedTo(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "step-summary")
	env := map[string]string{"GITHUB_STEP_SUMMARY": path}
	for _, test := range []struct {
		name    string
		outputs []string
		added   bool
	}{
		{"annotations come with it", []string{"-o", "github"}, true},
		{"annotations in a file too", []string{"-o", "github=" + dir + "/log", "-o", "table"}, true},
		{"Markdown in just that file", []string{"-o", "markdown=" + path}, true},
		{"both are one", []string{"-o", "github", "-o", "markdown=" + path}, true},
		{"other outputs have nothing to do with it", []string{"-o", "table", "-o", "markdown=" + dir + "/r.md"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			const before = "from another command\n"
			write(t, path, []byte(before))
			code, stdout, stderr := run(env, append(test.outputs, "--expect", expectation(t, dir))...)
			if code != cli.ExitFailed || stderr != "" || strings.Contains(stdout, "## ") {
				t.Errorf("exit %d with stdout %q, stderr %q; want 1, no Markdown and nothing", code, stdout, stderr)
			}
			data, err := os.ReadFile(path)
			after, kept := strings.CutPrefix(string(data), before)
			if err != nil || !kept {
				t.Errorf("the summary (%v) is %q, want what was there to stay", err, data)
			}
			want := 0
			if test.added {
				want = 1
			}
			if strings.Count(after, "## ❌ etcd-verify: test fail\n") != want {
				t.Errorf("added is %q, want the report %d times", after, want)
			}
		})
	}
}

func TestASummaryThatCannotBeWrittenIsTold(t *testing.T) {
	dir := t.TempDir()
	env := map[string]string{"GITHUB_STEP_SUMMARY": dir}
	code, stdout, stderr := run(env, "--expect", expectation(t, dir), "-o", "github")
	if want := "writing the report: $GITHUB_STEP_SUMMARY: open " + dir + ": is a directory"; code != cli.ExitUndetermined ||
		!strings.HasPrefix(stdout, "::error ") || !strings.Contains(stderr, want) {
		t.Errorf("exit %d with stdout %q, stderr %q; want 3, annotations and %q", code, stdout, stderr, want)
	}
}

func TestAPipeIsWrittenInto(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	read := make(chan []byte)
	go func() {
		data, err := os.ReadFile(pipe)
		if err != nil {
			t.Error(err)
		}
		read <- data
	}()
	run(nil, "--expect", expectation(t, dir), "-o", "json="+pipe)
	if data := <-read; !json.Valid(data) {
		t.Errorf("the pipe got no report: %q", data)
	}
}

func TestOutputsThatCannotBeWrittenAreRefusedBeforeAnything(t *testing.T) {
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "file"), []byte("x"))
	for _, test := range []struct {
		outputs []string
		want    string
	}{
		{[]string{"junit=" + dir + "/none/r.xml"},
			"--output junit=" + dir + "/none/r.xml: the folder " + dir + "/none does not exist: create it first"},
		{[]string{"junit=" + file + "/r.xml"},
			"--output junit=" + file + "/r.xml: the folder " + file + " does not exist: create it first"},
		{[]string{"junit=" + dir}, "--output junit=" + dir + ": " + dir + " is a folder: name a file in it"},
		{[]string{"junit="}, "--output junit=: names no file"},
		{[]string{"xml=" + dir + "/r"}, `--output "xml" is not one of table, json, junit, tap, nagios, prometheus, github, markdown, html`},
		{[]string{""}, `--output "" is not one of table, json, junit, tap, nagios, prometheus, github, markdown, html`},
		{[]string{"json", "table"}, "--output json and --output table both go to stdout: give one of them a file, as in table=FILE"},
		{[]string{"json=" + file, "tap=" + file}, "--output tap=" + file + ": " + file + " is there already, for json"},
		{[]string{"html=/proc/1/r.html"}, "--output html=/proc/1/r.html: cannot write to the folder /proc/1: permission denied"},
	} {
		if strings.Contains(test.want, "permission denied") && os.Geteuid() == 0 {
			continue // root may write everywhere
		}
		args := []string{"--expect", dir + "/none.json"}
		for _, o := range test.outputs {
			args = append(args, "--output", o)
		}
		code, stdout, stderr := run(nil, args...)
		if code != cli.ExitUsage || stdout != "" {
			t.Errorf("%v: exit %d with stdout %q, want 2 and nothing", test.outputs, code, stdout)
		}
		if diff := cmp.Diff("etcd-verify: "+test.want+"\n", stderr); diff != "" {
			t.Errorf("%v: %s", test.outputs, diff)
		}
	}
}

func TestAFileThatCannotBeWrittenInTheEndIsUndetermined(t *testing.T) {
	code, stdout, stderr := run(nil, "--expect", expectation(t, t.TempDir()), "-o", "json=/dev/full", "-o", "tap")
	if code != cli.ExitUndetermined || !strings.HasPrefix(stdout, "TAP version 13\n") {
		t.Errorf("exit %d with stdout %q, want 3 and the other document", code, stdout)
	}
	if want := "etcd-verify: writing the report: write /dev/full: no space left on device\n"; stderr != want {
		t.Errorf("stderr is %q, want %q", stderr, want)
	}
}

func TestNagiosOnStdoutHasThePluginsExitCodes(t *testing.T) {
	dir := t.TempDir()
	good := expectation(t, dir)
	for _, test := range []struct {
		args []string
		want int
	}{
		{[]string{"--expect", good, "-o", "nagios"}, 2},                                // critical
		{[]string{"--expect", dir + "/none", "-o", "nagios"}, 3},                       // unknown, and not critical
		{[]string{"--expect", good, "-o", "nagios=" + dir + "/status"}, 1},             // a file is no plugin's output
		{[]string{"--expect", good, "-o", "nagios", "-o", "json=" + dir + "/json"}, 2}, // other files change nothing
	} {
		if code, _, stderr := run(nil, test.args...); code != test.want {
			t.Errorf("%v: exit %d, want %d: %s", test.args, code, test.want, stderr)
		}
	}
}

package output_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/etcdbake/etcdbake/verify/output"
	"github.com/etcdbake/etcdbake/verify/report"
)

func TestEveryLineForGitHubIsOneCommandOfOurs(t *testing.T) {
	command := regexp.MustCompile(`^::(error|warning|notice) title=[^:,\r]+::[^\r]+$`)
	for name, r := range cases() {
		lines := strings.Split(strings.TrimSuffix(string(write(t, "github", false, r)), "\n"), "\n")
		for _, line := range lines {
			if !command.MatchString(line) || len([]rune(line)) > 3*(255+4096) {
				t.Errorf("%s: %.300s", name, line)
			}
		}
		want := 1 + report.Count(r.Results, report.Fail) + report.Count(r.Results, report.Undetermined) +
			report.Count(r.Results, report.Warn)
		if len(lines) != want {
			t.Errorf("%s: %d lines, want one for each finding and a summary: %d", name, len(lines), want)
		}
	}
}

func TestNagiosGetsOneLineWithPerformanceDataThatItCanRead(t *testing.T) {
	status := regexp.MustCompile(`^ETCD (OK|WARNING|CRITICAL|UNKNOWN) - ([^|\n]+) \| ([^|\n]+)\n$`)
	datum := regexp.MustCompile(`^[A-Za-z0-9_.-]+=-?[0-9.]+(s|B)?(;;;0)?$`)
	for name, r := range cases() {
		m := status.FindStringSubmatch(string(write(t, "nagios", false, r)))
		if m == nil {
			t.Errorf("%s is not one line with a state, a text and data", name)
			continue
		}
		if m[1] != output.NagiosStateOf(r).String() || len([]rune(m[2])) > 500 {
			t.Errorf("%s: state %s, text %s", name, m[1], m[2])
		}
		for _, d := range strings.Fields(m[3]) {
			if !datum.MatchString(d) {
				t.Errorf("%s: %q is no performance datum", name, d)
			}
		}
	}
}

func TestNagiosStatesAreThoseOfTheVerdicts(t *testing.T) {
	for name, want := range map[string]output.NagiosState{
		"pass": output.NagiosOK, "warn": output.NagiosWarning, "strict": output.NagiosCritical, "fail": output.NagiosCritical,
		"undetermined": output.NagiosUnknown,
	} {
		if got := output.NagiosStateOf(cases()[name]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

func TestMarkdownShowsWhatServersSendAsTextAlone(t *testing.T) {
	unescaped := regexp.MustCompile("(?:^|[^\\\\])(?:\\\\\\\\)*[`<>$&~#@\\[\\]]")
	bar := regexp.MustCompile(`(?:^|[^\\])(?:\\\\)*\|`)
	for name, r := range cases() {
		columns := 0
		for line := range strings.Lines(string(write(t, "markdown", false, r))) {
			line = strings.TrimLeft(strings.TrimSuffix(line, "\n"), "#")
			if m := unescaped.FindString(line); m != "" {
				t.Errorf("%s: %q is markup in %.200s", name, m, line)
			}
			n := len(bar.FindAllString(line, -1))
			if strings.HasPrefix(line, "|") && columns != 0 && n != columns {
				t.Errorf("%s: a row of %d bars in a table of %d: %.200s", name, n, columns, line)
			}
			columns = n
		}
	}
}

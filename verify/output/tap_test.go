package output_test

import (
	"bytes"
	"fmt"
	"os/exec"
	"testing"

	"github.com/etcdbake/etcdbake/verify/report"
)

// harness is Perl's own TAP parser, the reference: it prints the counts, the reasons of skips, the diagnostics that it read
// as YAML, and what it does not understand.
const harness = `
use TAP::Parser;
local $/; my $p = TAP::Parser->new({ tap => scalar <STDIN> });
my ($yaml, $unknown) = (0, 0);
while (my $r = $p->next) {
  $yaml++ if $r->is_yaml && length($r->data->{message} // "") && length($r->data->{severity} // "");
  if ($r->is_unknown) { $unknown++; print "unknown: ", $r->as_string, "\n" }
}
print "error: $_\n" for $p->parse_errors;
printf "%d planned, %d run, %d passed, %d failed, %d skipped, %d diagnostics, %d unknown\n",
  $p->tests_planned, $p->tests_run, scalar $p->passed, scalar $p->failed, scalar $p->skipped, $yaml, $unknown;
`

func TestTAPIsReadByItsReferenceParser(t *testing.T) {
	if err := exec.Command("perl", "-MTAP::Parser", "-e", "1").Run(); err != nil {
		t.Skipf("no Perl with TAP::Parser here (%v): TAP is not parsed", err)
	}
	for name, r := range cases() {
		cmd := exec.Command("perl", "-e", harness)
		cmd.Stdin = bytes.NewReader(write(t, "tap", false, r))
		got, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", name, err, got)
		}
		if want := tapCounts(r); string(got) != want {
			t.Errorf("%s: the parser says\n%swant\n%s", name, got, want)
		}
	}
}

// tapCounts is what the harness should say of the report.
func tapCounts(r *report.Report) string {
	n := func(v report.Verdict) int { return report.Count(r.Results, v) }
	failed := n(report.Fail) + n(report.Undetermined)
	if r.Strict {
		failed += n(report.Warn)
	}
	return fmt.Sprintf("%d planned, %d run, %d passed, %d failed, %d skipped, %d diagnostics, 0 unknown\n",
		len(r.Results), len(r.Results), len(r.Results)-failed, failed, n(report.Skip),
		n(report.Fail)+n(report.Undetermined)+n(report.Warn))
}

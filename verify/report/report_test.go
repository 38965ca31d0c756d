package report_test

import (
	"testing"

	"github.com/etcdbake/etcdbake/verify/report"
)

func TestTheVerdictIsComputedFromTheResults(t *testing.T) {
	const p, s, w, u, f = report.Pass, report.Skip, report.Warn, report.Undetermined, report.Fail
	for _, test := range []struct {
		results []report.Verdict
		strict  bool
		want    report.Verdict
		exit    int
	}{
		{nil, true, p, 0},
		{[]report.Verdict{p, s}, true, p, 0},
		{[]report.Verdict{p, w}, false, p, 0},
		{[]report.Verdict{p, w}, true, f, 1},
		{[]report.Verdict{w, u}, false, u, 3},
		{[]report.Verdict{w, u}, true, f, 1},
		{[]report.Verdict{u, f}, false, f, 1},
		{[]report.Verdict{u, p}, true, u, 3},
	} {
		var results []report.Result
		for _, v := range test.results {
			results = append(results, report.Result{Verdict: v})
		}
		r := report.Report{Verdict: report.Judge(results, test.strict)}
		if r.Verdict != test.want || r.ExitCode() != test.exit {
			t.Errorf("%v (strict %t): %s, exit %d; want %s, exit %d", test.results, test.strict, r.Verdict, r.ExitCode(),
				test.want, test.exit)
		}
	}
}

package checks_test

import (
	"testing"

	"github.com/etcdbake/etcdbake/verify/checks"
	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// A member answers a moment before it has told the others its client URLs, and some of them hear of it before others do.
func TestAMemberThatHasJustJoinedIsWaitedFor(t *testing.T) {
	for _, expected := range []bool{true, false} {
		c := cluster()
		if expected {
			c.Expect = &expect.Cluster{}
			for _, row := range c.Rows() {
				c.Expect.Members = append(c.Expect.Members,
					expect.Member{Name: row.Name, PeerURLs: row.PeerURLs, ClientURLs: row.ClientURLs})
			}
		}
		rows(c, func(r []facts.Row) []facts.Row { r[2].ClientURLs = nil; return r })
		failed := false
		for _, r := range checks.Judge(c, checks.All(checks.DefaultLimits())) {
			if r.Check != "membership" || r.Verdict != report.Fail {
				continue
			}
			failed = true
			if !r.Heals || r.Where() != "m3" || r.Seen != "it has not told the others its client URLs yet" {
				t.Errorf("heals %v, %s: %s", r.Heals, r.Where(), r.Seen)
			}
		}
		if !failed {
			t.Errorf("with an expectation %v: nothing failed", expected)
		}
	}
}

// Package checks judges facts, one check per file. A check is a pure function: the same facts give the same results. A
// consequence of something that another check already reports is a skip that names that check, never a second failure.
package checks

import (
	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Check is one thing to be sure of.
type Check interface {
	// About says what the check is called, what it proves and what it needs.
	About() About
	// Judge says what the facts mean; the Check field of the results is filled in by Judge of this package.
	Judge(c *facts.Cluster) []report.Result
}

// About is a check in words.
type About struct {
	Name   string // in reports, in flags and in docs/verify.md
	Proves string
	Needs  string
}

// All are all checks in the order in which they are shown: each one relies on those before it.
func All(l Limits) []Check {
	return []Check{
		Reach{}, Identity{l}, Closed{}, Membership{}, Consensus{l}, Health{l}, Settings{}, Data{}, Canary{}, Host{},
	}
}

// Judge runs checks over the facts.
func Judge(c *facts.Cluster, checks []Check) []report.Result {
	var all []report.Result
	for _, check := range checks {
		for _, r := range check.Judge(c) {
			r.Check = check.About().Name
			all = append(all, r)
		}
	}
	return all
}

// on begins a result about a member, and whole one about the cluster.
func on(e *facts.Endpoint, subject string) report.Result {
	return report.Result{Member: e.Name(), Endpoint: e.URL, Subject: subject}
}

func whole(subject string) report.Result { return report.Result{Subject: subject} }

func pass(r report.Result, seen string) report.Result {
	r.Verdict, r.Seen = report.Pass, seen
	return r
}

func skip(r report.Result, why string) report.Result {
	r.Verdict, r.Seen = report.Skip, why
	return r
}

// because is a skip for a reason that the check see tells.
func because(see string, r report.Result, why string) report.Result {
	r = skip(r, why+": see "+see)
	r.See = see
	return r
}

// bad is a result that is no pass: what was expected, what was seen, and what to do about it.
func bad(v report.Verdict, r report.Result, expected, seen, hint string) report.Result {
	r.Verdict, r.Expected, r.Seen, r.Hint = v, expected, seen, hint
	return r
}

// unreached is the skip of a check that needs a member which did not answer.
func unreached(e *facts.Endpoint, subject string) report.Result {
	if e.Fault != nil && e.Fault.Kind == facts.Untrusted {
		return because("identity", on(e, subject), "not asked")
	}
	return because("reach", on(e, subject), "no answer")
}

// foreign is the skip of a check that does not apply to a member of another cluster.
func foreign(e *facts.Endpoint, subject string) report.Result {
	return because("membership", on(e, subject), "in another cluster")
}

package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Consensus proves that there is a quorum with one leader that all know, and says how many losses it survives.
type Consensus struct{ Limits }

// About says what the check is.
func (Consensus) About() About {
	return About{
		Name:   "consensus",
		Proves: "there is a quorum and one leader that all know; all are connected; nobody lags; how many losses the cluster survives",
		Needs:  "every member as an endpoint, or --cluster, to tell what it survives; connections need /metrics",
	}
}

// Judge has results about the cluster, and about members that are behind.
func (k Consensus) Judge(c *facts.Cluster) []report.Result {
	quorum := quorum(c)
	if quorum.Verdict != report.Pass {
		return []report.Result{quorum}
	}
	results := append([]report.Result{quorum, tolerance(c)}, leader(c)...)
	return append(append(results, peers(c)...), lag(c, k.Lag)...)
}

// quorum: an answered linearizable read proves one.
func quorum(c *facts.Cluster) report.Result {
	r := whole("quorum")
	answer, voters := len(c.Inside()), voters(c)
	count := fmt.Sprintf("%d of %d members answer", answer, voters)
	if c.Linearizes() {
		return pass(r, count)
	}
	if answer+unheard(c) >= facts.Quorum(voters) && unheard(c) > 0 {
		return because("reach", r, count+", and others could not be asked")
	}
	r = bad(report.Fail, r, fmt.Sprintf("at least %d of %d", facts.Quorum(voters), voters), "no quorum: "+count,
		"bring back enough members; where they are lost for good: etcdutl snapshot restore, "+
			"or --force-new-cluster on the survivor")
	for _, e := range c.Inside() {
		if e.Linear.Fault != nil {
			r.Evidence = e.Linear.Fault.Words
		}
	}
	r.Heals = true
	return r
}

// unheard is how many members may well be there but could not be asked, for want of trust or rights.
func unheard(c *facts.Cluster) int {
	n := 0
	for _, e := range c.Endpoints {
		f := e.Fault
		if f == nil {
			f = e.Linear.Fault
		}
		if f != nil && !f.Heals() && f.Kind != facts.IsLearner {
			n++
		}
	}
	return n
}

// voters is how many members have a vote: by the cluster, else by the expectation, else one per endpoint.
func voters(c *facts.Cluster) int {
	switch rows := c.Rows(); {
	case len(rows) > 0:
		return len(facts.Voters(rows))
	case c.Expect != nil:
		return len(c.Expect.Members)
	default:
		return len(c.Endpoints)
	}
}

// tolerance is how many more members may be lost. It can be told only where every voter was looked at.
func tolerance(c *facts.Cluster) report.Result {
	r := whole("tolerance")
	rows := facts.Voters(c.Rows())
	if len(rows) == 0 {
		return because("membership", r, "no member list")
	}
	up, tried := 0, 0
	for _, row := range rows {
		switch {
		case slices.ContainsFunc(c.Inside(), func(e *facts.Endpoint) bool { return e.Status.MemberID == row.ID && e.Led() }):
			up++
			tried++
		case len(row.ClientURLs) == 0, slices.ContainsFunc(c.Endpoints, func(e *facts.Endpoint) bool { return leadsTo(e, row) }):
			tried++ // a member that has never started has no endpoint to try
		}
	}
	if tried < len(rows) {
		return skip(r, fmt.Sprintf("only %d of %d members were looked at: add endpoints, or --cluster", tried, len(rows)))
	}
	n := len(rows)
	survives, full := max(0, up-facts.Quorum(n)), n-facts.Quorum(n)
	seen := fmt.Sprintf("survives the loss of %d more of %d members", survives, n)
	if survives < full {
		r = bad(report.Warn, r, fmt.Sprintf("survives the loss of %d", full), seen, "bring back the members that do not answer")
		r.Heals = true
		return r
	}
	return pass(r, seen)
}

func leadsTo(e *facts.Endpoint, row facts.Row) bool {
	return e.Expected != nil && e.Expected.Name == row.Name || slices.Contains(row.ClientURLs, e.URL)
}

// leader has a result for each member that knows none, and one about the leader that the others know.
func leader(c *facts.Cluster) []report.Result {
	var results []report.Result
	var first *facts.Endpoint
	const want = "one leader that all members know"
	for _, e := range c.Inside() {
		r, s := whole("leader"), e.Status
		r.Heals = true
		switch {
		case !e.Led():
			r = on(e, "leader")
			r.Heals = true
			results = append(results, bad(report.Fail, r, want, "it knows no leader", "it is cut off from its peers: journalctl -u etcd there"))
		case first == nil:
			first = e
		case s.Leader != first.Status.Leader || s.Term != first.Status.Term:
			return append(results, bad(report.Fail, r, want, fmt.Sprintf("%s says %s in term %d, %s says %s in term %d",
				first.Name(), c.NameOf(first.Status.Leader), first.Status.Term, e.Name(), c.NameOf(s.Leader), s.Term),
				"leaders change too often: check latency between members and of their disks"))
		}
	}
	if first == nil {
		return results
	}
	return append(results, pass(whole("leader"), fmt.Sprintf("%s in term %d", c.NameOf(first.Status.Leader), first.Status.Term)))
}

// peers wants every member to be connected to every other one that answers: two followers that cannot talk to each other
// cannot go on when the leader is lost.
func peers(c *facts.Cluster) []report.Result {
	var results []report.Result
	for _, e := range c.Endpoints {
		r := on(e, "connections to peers")
		switch {
		case !e.Answered():
			results = append(results, unreached(e, r.Subject))
		case !slices.Contains(c.Inside(), e):
			results = append(results, foreign(e, r.Subject))
		case !e.Led():
			results = append(results, skip(r, "it knows no leader"))
		case e.Metrics.Connected == nil:
			results = append(results, skip(r, "not told: no such figure in /metrics"))
		default:
			results = append(results, connected(c, e, r))
		}
	}
	return results
}

func connected(c *facts.Cluster, e *facts.Endpoint, r report.Result) report.Result {
	var missing []string
	for _, other := range c.Inside() {
		if id := other.Status.MemberID; id != e.Status.MemberID && other.Led() && !e.Metrics.Connected[id] {
			missing = append(missing, other.Name())
		}
	}
	if len(missing) > 0 {
		r.Heals = true
		return bad(report.Fail, r, "connections to every member that answers", "none to "+strings.Join(missing, ", "),
			"the cluster may not survive the loss of its leader: check firewalls, routes and peer certificates between these; "+
				"journalctl -u etcd on both")
	}
	return pass(r, fmt.Sprintf("to %d members", len(e.Metrics.Connected)))
}

func lag(c *facts.Cluster, most uint64) []report.Result {
	var top uint64
	for _, e := range c.Inside() {
		top = max(top, e.Status.Applied)
	}
	var results []report.Result
	for _, e := range c.Endpoints {
		r := on(e, "applied index")
		switch {
		case !e.Answered():
			results = append(results, unreached(e, "applied index"))
		case !slices.Contains(c.Inside(), e):
			results = append(results, foreign(e, "applied index"))
		case top-e.Status.Applied > most:
			r = bad(report.Warn, r, fmt.Sprintf("at most %d behind", most), fmt.Sprintf("%d behind", top-e.Status.Applied),
				"it applies entries more slowly than they come: check its disk and CPU")
			r.Heals = true
			results = append(results, r)
		default:
			results = append(results, pass(r, fmt.Sprintf("%d, %d behind", e.Status.Applied, top-e.Status.Applied)))
		}
	}
	return results
}

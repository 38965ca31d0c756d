package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Membership proves that all members are of one cluster, agree on who they are, and are exactly those that they should be.
type Membership struct{}

// About says what the check is.
func (Membership) About() About {
	return About{
		Name:   "membership",
		Proves: "all members are of one cluster, agree on who they are, and are exactly the expected ones",
		Needs:  "who is missing or too many needs --expect",
	}
}

// Judge has results per endpoint (cluster ID, own row, own list) and per member of the list.
func (Membership) Judge(c *facts.Cluster) []report.Result {
	var results []report.Result
	for _, e := range c.Endpoints {
		results = append(results, belongs(c, e)...)
	}
	rows := c.Rows()
	if len(rows) == 0 {
		return append(results, noList(c))
	}
	if c.Expect != nil {
		results = append(results, againstExpectation(c, rows)...)
	} else {
		results = append(results, againstReason(rows)...)
	}
	return append(append(results, advertised(c, rows)...), shared(c, rows)...)
}

func noList(c *facts.Cluster) report.Result {
	r := whole("member list")
	for _, e := range c.Inside() {
		if f := e.Local.Fault; f != nil && f.Kind == facts.Denied {
			r.Evidence = f.Evidence
			return bad(report.Undetermined, r, "", f.Words, deniedHint())
		}
	}
	return because("reach", r, "nobody told it")
}

// belongs judges what one endpoint says of itself.
func belongs(c *facts.Cluster, e *facts.Endpoint) []report.Result {
	const subject = "cluster ID"
	if !e.Answered() {
		return []report.Result{unreached(e, "membership")}
	}
	id, _ := c.ClusterID()
	if e.Status.ClusterID != id {
		return []report.Result{bad(report.Fail, on(e, subject), report.ID(id), report.ID(e.Status.ClusterID),
			"it is a member of another cluster: its data directory was bootstrapped on its own or with another token; "+
				"stop it, remove it from its list, wipe its data directory and add it again (etcdctl member remove, member add)")}
	}
	results := []report.Result{pass(on(e, subject), report.ID(id))}
	if c.Apart(e) || e.Alone() && c.Expect != nil && len(c.Expect.Members) > 1 {
		return append(results, alone(c, e))
	}
	return append(results, ownRow(c, e), ownList(c, e))
}

// alone is a member that has thrown the others away.
func alone(c *facts.Cluster, e *facts.Endpoint) report.Result {
	others := fmt.Sprintf("the cluster's %d members", len(c.Rows()))
	if c.Expect != nil {
		others = fmt.Sprintf("the %d expected members", len(c.Expect.Members))
	}
	return bad(report.Fail, on(e, "own member list"), others, "itself alone",
		"it has become a cluster of its own (--force-new-cluster), or the others were removed; it tells members that it does not know "+
			"to end themselves: stop it, start the others, then remove it, wipe its data directory and add it again (etcdctl member "+
			"remove, member add); or, where its data is the right one, wipe and add the others")
}

// ownRow: the member that answers is the one that the endpoint should lead to.
func ownRow(c *facts.Cluster, e *facts.Endpoint) report.Result {
	r := on(e, "member ID")
	seen := report.ID(e.Status.MemberID)
	row, ok := e.Row()
	for _, other := range c.Endpoints {
		if other != e && other.Answered() && other.Status.MemberID == e.Status.MemberID && e.Expected == nil &&
			!e.Astray() && !other.Astray() {
			return bad(report.Warn, r, "a member of its own", fmt.Sprintf("%s, the same as at %s", seen, other.URL),
				"give each member once")
		}
	}
	switch {
	case len(e.Rows()) == 0:
		return skip(r, "no member list: see the next rows")
	case !ok:
		return bad(report.Fail, r, "a row of its own in the member list", seen+" is in no row",
			"the member was removed from the cluster: stop it, or wipe its data directory and add it again")
	case e.Expected != nil && row.Name != e.Expected.Name && row.Name != "":
		return bad(report.Fail, r, e.Expected.Name, fmt.Sprintf("%s (%s)", row.Name, seen),
			"another member answers here: check addresses, DNS and load balancers")
	case e.Astray():
		return bad(report.Fail, r, e.ByOthers, fmt.Sprintf("%s (%s)", row.Name, seen),
			"another member answers at the address that this one advertises: check addresses, DNS and load balancers")
	}
	return pass(r, seen)
}

// ownList: its own list, without asking the others, is the cluster's.
func ownList(c *facts.Cluster, e *facts.Endpoint) report.Result {
	r := on(e, "own member list")
	switch {
	case e.Local.Fault != nil && e.Local.Fault.Kind == facts.IsLearner:
		return skip(r, e.Local.Fault.Words)
	case e.Local.Fault != nil && e.Local.Fault.Kind == facts.Denied:
		r.Evidence = e.Local.Fault.Evidence
		return bad(report.Undetermined, r, "", e.Local.Fault.Words, deniedHint())
	case e.Local.Fault != nil:
		r.Evidence, r.Heals = e.Local.Fault.Evidence, true
		return bad(report.Fail, r, "a member list", e.Local.Fault.Words, "on the host: journalctl -u etcd")
	case !facts.SameRows(e.Local.Rows, c.Rows()):
		r = bad(report.Fail, r, list(c.Rows()), list(e.Local.Rows),
			"it does not know of the last change of membership: see consensus")
		r.Heals = true
		return r
	}
	return pass(r, fmt.Sprintf("the same %d members as by consensus", len(e.Local.Rows)))
}

// againstExpectation compares the list with the expected members, name by name.
func againstExpectation(c *facts.Cluster, rows []facts.Row) []report.Result {
	var results []report.Result
	used := map[uint64]bool{}
	for _, m := range c.Expect.Members {
		row, ok := find(rows, m)
		if ok {
			used[row.ID] = true
		}
		results = append(results, expectedRow(c, m, row, ok))
	}
	for _, row := range rows {
		if !used[row.ID] {
			results = append(results, extraRow(row))
		}
	}
	return results
}

// find is the row of the expected member: the one with its name and a peer URL of it, else with its name, else, as before its
// first start or where it runs under another's name, with a peer URL of it.
func find(rows []facts.Row, m expect.Member) (facts.Row, bool) {
	named := func(r facts.Row) bool { return r.Name == m.Name }
	placed := func(r facts.Row) bool {
		return slices.ContainsFunc(r.PeerURLs, func(u string) bool { return slices.Contains(m.PeerURLs, u) })
	}
	for _, is := range []func(facts.Row) bool{
		func(r facts.Row) bool { return named(r) && placed(r) }, named, placed,
	} {
		if i := slices.IndexFunc(rows, is); i >= 0 {
			return rows[i], true
		}
	}
	return facts.Row{}, false
}

func expectedRow(c *facts.Cluster, m expect.Member, row facts.Row, ok bool) report.Result {
	r := report.Result{Member: m.Name, Subject: "row in the member list"}
	wanted := facts.Row{Name: m.Name, PeerURLs: m.PeerURLs, ClientURLs: m.ClientURLs, Learner: m.Learner}
	switch {
	case !ok:
		r = bad(report.Fail, r, wanted.String(), "no such member", "it was removed, or never added: etcdctl member add "+m.Name)
		r.Heals = true
	case row.Name == "":
		r = unstarted(r)
	case len(row.ClientURLs) == 0 && lost(c, m.Name):
		r = because("reach", r, "it has not told its client URLs yet")
	case len(row.ClientURLs) == 0:
		r = unpublished(r)
	case row.Learner && !m.Learner:
		r = bad(report.Fail, r, "a voter", "a learner",
			"promote it when it has caught up: etcdctl member promote "+report.ID(row.ID))
		r.Heals = true
	case row.String() != wanted.String():
		r = bad(report.Fail, r, wanted.String(), row.String(),
			"check initial-advertise-peer-urls and advertise-client-urls on the host; etcdctl member update "+report.ID(row.ID))
	default:
		r = pass(r, row.String())
	}
	return r
}

// lost tells whether the member does not answer.
func lost(c *facts.Cluster, name string) bool {
	return slices.ContainsFunc(c.Endpoints, func(e *facts.Endpoint) bool { return e.Name() == name && !e.Answered() })
}

func unstarted(r report.Result) report.Result {
	r = bad(report.Fail, r, "a member that has started", "it was added but has never started",
		"start it, or remove it: it counts towards the quorum")
	r.Heals = true
	return r
}

// unpublished: a member writes its client URLs into the list when it has joined; it may answer a moment before that.
func unpublished(r report.Result) report.Result {
	r = bad(report.Fail, r, "its client URLs", "it has not told the others its client URLs yet",
		"it is joining; if this stays, on the host: journalctl -u etcd")
	r.Heals = true
	return r
}

func extraRow(row facts.Row) report.Result {
	r := report.Result{Member: row.Label(), Subject: "row in the member list"}
	return bad(report.Fail, r, "no such member", row.String(),
		"nobody expects this member: etcdctl member remove "+report.ID(row.ID)+", or add it to cluster.yaml")
}

// againstReason judges a list without an expectation.
func againstReason(rows []facts.Row) []report.Result {
	var results []report.Result
	for _, row := range rows {
		r := report.Result{Member: row.Label(), Subject: "row in the member list"}
		switch {
		case row.Name == "":
			r = unstarted(r)
		case len(row.ClientURLs) == 0:
			r = unpublished(r)
		case row.Learner:
			r = bad(report.Warn, r, "a voter", "a learner",
				"promote it when it has caught up: etcdctl member promote "+report.ID(row.ID))
		default:
			r = pass(r, row.String())
		}
		results = append(results, r)
		if i := slices.IndexFunc(rows, func(other facts.Row) bool { return other.Name == row.Name }); row.Name != "" && rows[i].ID != row.ID {
			results = append(results, bad(report.Fail, report.Result{Member: row.Name, Subject: "name"}, "a name of its own",
				fmt.Sprintf("%s and %s have it", report.ID(rows[i].ID), report.ID(row.ID)), "set another name on one of the hosts, and restart it"))
		}
	}
	return results
}

// shared finds members that advertise a URL to clients which leads to another one.
func shared(c *facts.Cluster, rows []facts.Row) []report.Result {
	var results []report.Result
	for _, row := range rows {
		for _, u := range row.ClientURLs {
			i := slices.IndexFunc(c.Inside(), func(e *facts.Endpoint) bool { return e.URL == u })
			if i < 0 {
				continue
			}
			there := c.Inside()[i].Status.MemberID
			own := func(r facts.Row) bool { return r.ID == there && slices.Contains(r.ClientURLs, u) }
			if there != row.ID && slices.ContainsFunc(rows, own) {
				results = append(results, bad(report.Fail, report.Result{Member: row.Label(), Subject: "advertised URLs"},
					"URLs of its own", fmt.Sprintf("%s, which leads to %s", u, c.NameOf(there)),
					"clients that look for it find another member: set advertise-client-urls to the host's own address"))
			}
		}
	}
	return results
}

// advertised finds addresses that nobody else can dial. On a cluster that is on one machine as a whole, loopback is right.
func advertised(c *facts.Cluster, rows []facts.Row) []report.Result {
	oneMachine := !slices.ContainsFunc(rows, func(r facts.Row) bool {
		return slices.ContainsFunc(hosts(r.PeerURLs), func(h string) bool { return !isLoopback(h) })
	})
	var results []report.Result
	for _, row := range rows {
		if c.Expect != nil && matchesExpectation(row, c.Expect) {
			continue
		}
		for _, h := range hosts(append(slices.Clone(row.PeerURLs), row.ClientURLs...)) {
			if isUnspecified(h) || isLoopback(h) && !oneMachine {
				results = append(results, bad(report.Fail, report.Result{Member: row.Label(), Subject: "advertised URLs"},
					"an address that others can dial", h,
					"set advertise-client-urls and initial-advertise-peer-urls to the host's own address"))
			}
		}
	}
	return results
}

func matchesExpectation(row facts.Row, want *expect.Cluster) bool {
	return slices.ContainsFunc(want.Members, func(m expect.Member) bool {
		return row.String() == facts.Row{Name: m.Name, PeerURLs: m.PeerURLs, ClientURLs: m.ClientURLs, Learner: m.Learner}.String()
	})
}

func list(rows []facts.Row) string {
	var out []string
	for _, r := range rows {
		out = append(out, r.String())
	}
	return strings.Join(out, "; ")
}

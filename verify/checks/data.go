package checks

import (
	"fmt"
	"slices"

	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Data proves that all members hold the same keys and values, by their hashes at one revision.
type Data struct{}

// About says what the check is.
func (Data) About() About {
	return About{
		Name:   "data",
		Proves: "all members hold the same keys and values, equal hashes (HashKV) at one revision, and the same users and roles",
		Needs:  "two members; root where authentication is on (else skipped); reads every key once on every member",
	}
}

// Judge has one result per member for its hash and its users, and one about the cluster where nobody can be blamed.
func (Data) Judge(c *facts.Cluster) []report.Result { return append(keys(c), users(c)...) }

// users compares the members' state of authentication, which is in no hash.
func users(c *facts.Cluster) []report.Result {
	const subject = "users and roles"
	told := slices.DeleteFunc(c.Inside(), func(e *facts.Endpoint) bool { return e.Auth == nil })
	if len(told) < 2 {
		return []report.Result{skip(whole(subject), "fewer than two members tell: it takes a canary, etcd 3.5 and, with authentication on, root or etcd 3.7")}
	}
	usual, ok := majority(told, func(e *facts.Endpoint) facts.Auth { return *e.Auth })
	if !ok {
		usual = *told[0].Auth
	}
	var results []report.Result
	for _, e := range told {
		switch r := on(e, subject); {
		case *e.Auth == usual && (ok || c.SameAuth()):
			results = append(results, pass(r, e.Auth.String()))
		case !ok:
			results = append(results, bad(report.Fail, r, "the same on all members", e.Auth.String(),
				"members disagree on who may do what, and no state has a majority: compare with a backup"))
		default:
			results = append(results, bad(report.Fail, r, usual.String()+", as on most members", e.Auth.String(),
				"it lets in others than the other members do: take it out (etcdctl member remove), wipe its data directory and add it again"))
		}
	}
	return results
}

// keys compares hashes.
func keys(c *facts.Cluster) []report.Result {
	d := c.Data
	r := whole("hash")
	switch told := d.Told(); {
	case d.Skipped != "":
		return []report.Result{skip(r, d.Skipped)}
	case d.Still:
		return compacted(c)
	case len(d.Hashes) > 1 && d.Overtaken(), !d.Comparable():
		r.Heals = true
		return []report.Result{bad(report.Undetermined, r, "hashes of the same revisions",
			"compactions were faster than the members could be compared", "try again, with a longer --timeout or at a quieter time")}
	case !d.Agrees() && hashDifferently(told):
		r.Evidence = sums(told)
		return []report.Result{bad(report.Undetermined, r, "hashes of versions that hash alike",
			"the members' hashes differ, as their versions may",
			"from 3.4.34 and 3.5.16 on a compacted deletion is hashed (etcd-io/etcd#18274): finish the upgrade, then check again")}
	case len(told) > 1 && !d.Agrees() && most(told) == nil:
		r.Evidence = sums(told)
		return []report.Result{bad(report.Fail, r, "one hash on all members", "the members' data differs, and no hash has a majority",
			"stop writing; compare with a backup (etcdutl snapshot status, etcdutl hashkv) to find out whose data is right")}
	}
	var results []report.Result
	for _, e := range c.Endpoints {
		results = append(results, hashed(c, e))
	}
	return results
}

// compacted has a result per member where compact revisions differ for good, so that hashes cannot be compared.
func compacted(c *facts.Cluster) []report.Result {
	revisions := map[*facts.Endpoint]int64{}
	var told []*facts.Endpoint
	for _, h := range c.Data.Told() {
		revisions[h.Endpoint] = h.Compact
		told = append(told, h.Endpoint)
	}
	usual, ok := majority(told, func(e *facts.Endpoint) int64 { return revisions[e] })
	var results []report.Result
	for _, e := range told {
		r := on(e, "compaction")
		seen := fmt.Sprintf("compacted at revision %d", revisions[e])
		switch {
		case ok && revisions[e] == usual:
			r = skip(r, seen+"; hashes cannot be compared while another member's compaction is elsewhere")
		case ok:
			r = bad(report.Fail, r, fmt.Sprintf("compacted at revision %d, as most members are", usual), seen,
				"its compaction is stuck, or its database is not that of the others: restart it; if this stays, take it out "+
					"(etcdctl member remove), wipe its data directory and add it again")
		default:
			r = bad(report.Fail, r, "all members compacted at one revision", seen, "compact again (etcdctl compact), and see whether all follow")
		}
		r.Heals = true
		results = append(results, r)
	}
	return results
}

// hashDifferently tells whether some members are of versions that hash a deletion in the compacted revision, and some are not.
func hashDifferently(told []facts.Hash) bool {
	old := func(h facts.Hash) bool {
		from := map[int]int{4: 34, 5: 16} // the first patch that does, by minor; 3.6 always did
		v := h.Endpoint.Status.Version
		first, known := from[minor(v)]
		return minor(v) < 4 || known && patch(v) < first
	}
	return slices.ContainsFunc(told, func(h facts.Hash) bool { return old(h) != old(told[0]) })
}

// hashed is one member's result.
func hashed(c *facts.Cluster, e *facts.Endpoint) report.Result {
	r := on(e, "hash")
	switch {
	case !e.Answered():
		return unreached(e, "hash")
	case !slices.Contains(c.Inside(), e):
		return foreign(e, "hash")
	}
	told := c.Data.Told()
	i := slices.IndexFunc(c.Data.Hashes, func(h facts.Hash) bool { return h.Endpoint == e })
	if i < 0 {
		return skip(r, "not asked")
	}
	own := c.Data.Hashes[i]
	switch {
	case own.Fault != nil:
		return unhashed(r, own.Fault)
	case len(told) < 2:
		return skip(r, "there is no other member to compare with")
	}
	seen := fmt.Sprintf("%08x at revision %d, compacted at %d", own.Sum, own.Revision, own.Compact)
	if right := most(told); right != nil && own.Sum != right.Sum {
		r.Evidence = sums(told)
		return bad(report.Fail, r, fmt.Sprintf("%08x, as most members have", right.Sum), seen,
			"its keys or values differ from the others': take it out (etcdctl member remove), wipe its data directory and add it again")
	}
	return pass(r, seen)
}

// unhashed is the result of a member that gave no hash.
func unhashed(r report.Result, f *facts.Fault) report.Result {
	r.Evidence = f.Evidence
	switch f.Kind {
	case facts.Denied:
		return skip(r, "authentication is on, and hashes are for root alone")
	case facts.IsLearner:
		return skip(r, f.Words)
	case facts.Mute:
		return skip(r, "not hashed in time: a large database needs a longer --timeout")
	}
	r.Heals = true
	return bad(report.Undetermined, r, "a hash", f.Words, "on the host: journalctl -u etcd")
}

// most is a hash with the sum that more than half of the members gave, or nil.
func most(told []facts.Hash) *facts.Hash {
	for i, h := range told {
		n := 0
		for _, other := range told {
			if other.Sum == h.Sum {
				n++
			}
		}
		if 2*n > len(told) {
			return &told[i]
		}
	}
	return nil
}

// sums lists every member's hash.
func sums(told []facts.Hash) string {
	text := ""
	for i, h := range told {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%s %08x", h.Endpoint.Name(), h.Sum)
	}
	return text
}

package checks

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Canary proves that what is written through any member is read back on every member.
type Canary struct{}

// About says what the check is.
func (Canary) About() About {
	return About{
		Name:   "canary",
		Proves: "a key written through any member is read back on every member",
		Needs:  "writing under /etcdbake/verify/; not with --read-only, without a quorum or with an alarm",
	}
}

// Judge has results per member: its write, and both kinds of read.
func (Canary) Judge(c *facts.Cluster) []report.Result {
	k := c.Canary
	switch {
	case k.See != "":
		return []report.Result{because(k.See, whole("canary"), k.Skipped)}
	case k.Skipped != "":
		return []report.Result{skip(whole("canary"), k.Skipped)}
	}
	if f := denied(k); f != nil {
		r := whole("canary")
		r.Evidence = f.Evidence
		return []report.Result{bad(report.Undetermined, r, "", f.Words, deniedHint())}
	}
	if k.Grant != nil && k.Grant.Kind == facts.Full {
		r := whole("lease")
		r.Evidence = k.Grant.Evidence
		return []report.Result{because("health", r, k.Grant.Words)}
	}
	if k.Grant != nil {
		r := whole("lease")
		r.Evidence, r.Heals = k.Grant.Evidence, true
		return []report.Result{bad(report.Fail, r, "a lease is granted", k.Grant.Words,
			"writes do not work: see consensus and health; journalctl -u etcd")}
	}
	var results []report.Result
	for _, e := range c.Endpoints {
		results = append(results, sings(c, e)...)
	}
	if k.Cleanup != nil {
		r := whole("removal")
		r.Evidence = k.Cleanup.Evidence
		results = append(results, bad(report.Warn, r, "no key is left behind", k.Cleanup.Words,
			fmt.Sprintf("the keys under %s go by themselves within %s", k.Prefix, k.TTL)))
	}
	return results
}

// denied is the first refusal for want of rights.
func denied(k facts.Canary) *facts.Fault {
	faults := []*facts.Fault{k.Grant}
	for _, w := range k.Writes {
		faults = append(faults, w.Fault)
	}
	for _, r := range k.Reads {
		faults = append(faults, r.Fault)
	}
	i := slices.IndexFunc(faults, func(f *facts.Fault) bool { return f != nil && f.Kind == facts.Denied })
	if i < 0 {
		return nil
	}
	return faults[i]
}

// sings is what one member has to do with the canary.
func sings(c *facts.Cluster, e *facts.Endpoint) []report.Result {
	switch {
	case !e.Answered():
		return []report.Result{unreached(e, "canary")}
	case !slices.Contains(c.Inside(), e):
		return []report.Result{foreign(e, "canary")}
	case !e.Led():
		return []report.Result{because("consensus", on(e, "canary"), "it knows no leader")}
	}
	var results []report.Result
	for _, w := range c.Canary.Writes {
		if w.Endpoint == e {
			results = append(results, wrote(e, w))
		}
	}
	for _, linearizable := range []bool{true, false} {
		for _, r := range c.Canary.Reads {
			if r.Endpoint == e && r.Linearizable == linearizable {
				results = append(results, readBack(e, r))
			}
		}
	}
	return results
}

func wrote(e *facts.Endpoint, w facts.CanaryWrite) report.Result {
	r := on(e, "write")
	if w.Fault == nil {
		return pass(r, "written")
	}
	r.Evidence, r.Heals = w.Fault.Evidence, true
	return bad(report.Fail, r, "a key is written through it", w.Fault.Words, "on the host: journalctl -u etcd; check its disk")
}

func readBack(e *facts.Endpoint, read facts.CanaryRead) report.Result {
	kind := "serializable read"
	if read.Linearizable {
		kind = "linearizable read"
	}
	r := on(e, kind)
	r.Heals = true
	switch {
	case read.Fault != nil:
		r.Evidence = read.Fault.Evidence
		return bad(report.Fail, r, "all keys are read", read.Fault.Words, "on the host: journalctl -u etcd")
	case len(read.Missing) > 0:
		var names []string
		for _, m := range read.Missing {
			names = append(names, m.Name())
		}
		missing := "not what was written through " + strings.Join(names, ", ")
		return bad(report.Fail, r, "what was written through any member", missing,
			"its data is not that of the others: compare `etcdctl endpoint hashkv`; journalctl -u etcd")
	}
	r.Heals = false
	return pass(r, "all keys are there")
}

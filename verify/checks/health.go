package checks

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Health proves that no alarm is raised, that versions are the right ones, and that database, disks, network and clock leave
// room.
type Health struct{ Limits }

// About says what the check is.
func (Health) About() About {
	return About{
		Name:   "health",
		Proves: "no alarm; right versions; room in database, disks, network and clock",
		Needs:  "latencies and clock need /metrics on the client port",
	}
}

const (
	quotaSetting  = "ETCD_QUOTA_BACKEND_BYTES"
	quotaStandard = 2 << 30 // etcd's default, also where the setting is 0
)

// Judge has results per alarm and per member.
func (k Health) Judge(c *facts.Cluster) []report.Result {
	results := alarms(c)
	for _, e := range c.Endpoints {
		switch {
		case !e.Answered():
			results = append(results, unreached(e, "health"))
		case !slices.Contains(c.Inside(), e):
			results = append(results, foreign(e, "health"))
		default:
			results = append(results, version(c, e), database(c, e, k.Limits), sparse(e, k.Limits),
				slow(c, e, "fsync of the log", e.Metrics.Fsync, k.MinSamples, k.Fsync,
					"its disk is too slow for etcd: use local SSDs, and nothing else on them"),
				slow(c, e, "commit of the database", e.Metrics.Commit, k.MinSamples, k.Commit,
					"its disk is too slow for etcd: use local SSDs, and nothing else on them"),
				slow(c, e, "round trip to peers", e.Metrics.PeerRTT, k.MinSamples, k.PeerRTT,
					"raise heartbeat-interval and election-timeout to fit the network"),
				leaders(e, k.LeaderChanges), clock(e, k.Skew))
			results = append(results, complaints(e)...)
		}
	}
	return results
}

// alarms are the cluster's, as any member tells them.
func alarms(c *facts.Cluster) []report.Result {
	raised := map[facts.Alarm]bool{}
	var results []report.Result
	told := false
	var fault *facts.Fault
	for _, e := range c.Inside() {
		if e.Alarms.Fault != nil {
			fault = e.Alarms.Fault
			continue
		}
		told = true
		for _, a := range e.Alarms.Raised {
			if !raised[a] {
				raised[a] = true
				r := report.Result{Member: c.NameOf(a.MemberID), Subject: "alarm"}
				results = append(results, bad(report.Fail, r, "no alarm", a.Kind, alarmHint(a.Kind)))
			}
		}
	}
	r := whole("alarms")
	switch {
	case len(results) > 0:
		return results
	case told:
		return []report.Result{pass(r, "none")}
	case fault != nil && fault.Kind == facts.Denied:
		r.Evidence = fault.Evidence
		return []report.Result{bad(report.Undetermined, r, "", fault.Words, deniedHint())}
	}
	return []report.Result{because("reach", r, "nobody told them")}
}

func alarmHint(kind string) string {
	if kind == "NOSPACE" {
		return "the database reached its quota and writes are refused: compact, defragment (etcdctl defrag), " +
			"then etcdctl alarm disarm"
	}
	return "its data differs from that of the others: take it out, wipe its data directory and add it again; " +
		"then etcdctl alarm disarm"
}

// complaints are errors that the member reports of itself; alarms and the missing leader have checks of their own.
func complaints(e *facts.Endpoint) []report.Result {
	var results []report.Result
	for _, s := range e.Status.Errors {
		if !strings.Contains(s, "alarm:") && !strings.Contains(s, "no leader") {
			results = append(results, bad(report.Fail, on(e, "own errors"), "none", s, "on the host: journalctl -u etcd"))
		}
	}
	return results
}

func version(c *facts.Cluster, e *facts.Endpoint) report.Result {
	r, v := on(e, "version"), e.Status.Version
	wanted := common(c.Inside(), func(e *facts.Endpoint) string { return e.Status.Version })
	if c.Expect != nil && c.Expect.EtcdVersion != "" {
		wanted = c.Expect.EtcdVersion
	}
	switch {
	case wanted != v:
		return bad(report.Fail, r, wanted, v, "bring it to the version of the others, one member at a time")
	case slices.Contains([]string{"3.5.0", "3.5.1", "3.5.2"}, v):
		return bad(report.Fail, r, "3.5.3 or later", v, "this version can lose data (etcd-io/etcd#13766): upgrade now")
	case minor(v) < 5 && strings.HasPrefix(v, "3."):
		return bad(report.Warn, r, "3.5 or later", v, "this version gets no fixes any more: plan an upgrade")
	}
	return pass(r, v)
}

func minor(version string) int { return part(version, 1) }

func patch(version string) int { return part(version, 2) }

// part is the i-th number of a version; 0, the oldest, where there is none.
func part(version string, i int) int {
	parts := strings.Split(version, ".")
	if len(parts) <= i {
		return 0
	}
	n, _ := strconv.Atoi(parts[i])
	return n
}

func database(c *facts.Cluster, e *facts.Endpoint, k Limits) report.Result {
	r, quota := on(e, "database size"), quotaOf(c, e)
	size := humanize.IBytes(uint64(e.Status.DBSize))
	if slices.Contains(e.Alarms.Raised, facts.Alarm{MemberID: e.Status.MemberID, Kind: "NOSPACE"}) {
		return skip(r, size+"; the alarm says it all")
	}
	if quota == 0 {
		return skip(r, size+"; the quota is not known: this version does not tell it")
	}
	share := float64(e.Status.DBSize) / float64(quota)
	seen := fmt.Sprintf("%s, %.0f %% of the quota of %s", size, 100*share, humanize.IBytes(uint64(quota)))
	limit := func(v report.Verdict, at float64) report.Result {
		return bad(v, r, fmt.Sprintf("below %.0f %% of the quota", 100*at), seen,
			"at the quota all writes stop: compact, defragment (etcdctl defrag), or raise quota-backend-bytes")
	}
	switch {
	case share >= k.QuotaFail:
		return limit(report.Fail, k.QuotaFail)
	case share >= k.QuotaWarn:
		return limit(report.Warn, k.QuotaWarn)
	}
	return pass(r, seen)
}

// quotaOf is the quota in bytes by the member, its metrics or the expectation, in this order; 0 where nobody says.
func quotaOf(c *facts.Cluster, e *facts.Endpoint) int64 {
	if n := toldQuota(e); n != 0 {
		return max(n, 0)
	}
	n, _ := expectedQuota(c)
	return n
}

func sparse(e *facts.Endpoint, k Limits) report.Result {
	r := on(e, "fragmentation")
	if e.Status.DBSize == 0 {
		return skip(r, "the member tells no size")
	}
	share := float64(e.Status.DBInUse) / float64(e.Status.DBSize)
	seen := fmt.Sprintf("%s of %s in use", humanize.IBytes(uint64(e.Status.DBInUse)), humanize.IBytes(uint64(e.Status.DBSize)))
	if e.Status.DBSize > k.InUseFrom && share < k.InUse {
		return bad(report.Warn, r, fmt.Sprintf("at least %.0f %% in use", 100*k.InUse), seen,
			"defragment it when it is not the leader: etcdctl defrag")
	}
	return pass(r, seen)
}

// slow judges a latency by its 99th percentile, given enough samples.
func slow(
	c *facts.Cluster, e *facts.Endpoint, subject string, l facts.Latency, samples uint64, most time.Duration, hint string,
) report.Result {
	r := on(e, subject)
	switch {
	case e.Metrics.Fault != nil:
		r.Evidence = e.Metrics.Fault.Evidence
		return skip(r, e.Metrics.Fault.Words)
	case l.Samples < samples:
		return skip(r, fmt.Sprintf("%d samples are too few, %d are wanted", l.Samples, samples))
	}
	seen := fmt.Sprintf("99 %% within %s, of %d", l.P99, l.Samples)
	if l.To != 0 {
		seen += ", to " + c.NameOf(l.To)
	}
	if l.P99 > most {
		return bad(report.Warn, r, fmt.Sprintf("99 %% within %s", most), seen, hint)
	}
	return pass(r, seen)
}

func clock(e *facts.Endpoint, most time.Duration) report.Result {
	r := on(e, "clock")
	if !e.Metrics.HasClock {
		return skip(r, "the member does not tell the time")
	}
	skew := e.Metrics.Skew
	if skew.Abs() > most {
		way := "ahead of"
		if skew < 0 {
			way = "behind"
		}
		return bad(report.Warn, r, fmt.Sprintf("within %s of the clock here", most),
			fmt.Sprintf("%s %s the clock here", skew.Abs(), way),
			"synchronise both clocks: certificates and leases depend on them")
	}
	return pass(r, fmt.Sprintf("within %s of the clock here", most))
}

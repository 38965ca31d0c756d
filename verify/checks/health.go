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
type Health struct{}

// Name is "health".
func (Health) Name() string { return "health" }

// Thresholds, by etcd's own advice where it gives any (etcd.io: operations guide, FAQ).
const (
	quotaWarn     = 0.80 // of the quota, beyond which an alarm stops all writes
	quotaFail     = 0.95
	sparseMin     = 100 << 20              // a database below this is not worth defragmenting
	sparseShare   = 0.5                    // of the database in use
	fsyncMax      = 10 * time.Millisecond  // p99 of wal_fsync, by the FAQ
	commitMax     = 25 * time.Millisecond  // p99 of backend_commit, by the FAQ
	peerRTTMax    = 100 * time.Millisecond // the default heartbeat interval, which should be about the round trip
	minSamples    = 500                    // below this the 99th percentile is five outliers of first boot
	skewMax       = 2 * time.Second        // beyond the one-second resolution of the HTTP date
	quotaSetting  = "ETCD_QUOTA_BACKEND_BYTES"
	quotaStandard = 2 << 30 // etcd's default, also where the setting is 0
)

// Judge has results per alarm and per member.
func (Health) Judge(c *facts.Cluster) []report.Result {
	results := alarms(c)
	for _, e := range c.Endpoints {
		switch {
		case !e.Answered():
			results = append(results, unreached(e, "health"))
		case !slices.Contains(c.Inside(), e):
			results = append(results, foreign(e, "health"))
		default:
			results = append(results, version(c, e), database(c, e), sparse(e),
				slow(e, "fsync of the log", e.Metrics.Fsync, fsyncMax,
					"its disk is too slow for etcd: use local SSDs, and nothing else on them"),
				slow(e, "commit of the database", e.Metrics.Commit, commitMax,
					"its disk is too slow for etcd: use local SSDs, and nothing else on them"),
				slow(e, "round trip to peers", e.Metrics.PeerRTT, peerRTTMax,
					"raise heartbeat-interval and election-timeout to fit the network"),
				clock(e))
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
	return []report.Result{skip(r, "nobody told them: see reach and consensus")}
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
	wanted := commonVersion(c)
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

// commonVersion is the version of most members; of the first on a tie.
func commonVersion(c *facts.Cluster) string {
	count, best := map[string]int{}, ""
	for _, e := range c.Inside() {
		count[e.Status.Version]++
	}
	for _, e := range c.Inside() {
		if v := e.Status.Version; best == "" || count[v] > count[best] {
			best = v
		}
	}
	return best
}

func minor(version string) int {
	parts := strings.Split(version, ".")
	if len(parts) < 2 {
		return 0
	}
	n, _ := strconv.Atoi(parts[1]) // 0, the oldest, where it is no number
	return n
}

func database(c *facts.Cluster, e *facts.Endpoint) report.Result {
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
	case share >= quotaFail:
		return limit(report.Fail, quotaFail)
	case share >= quotaWarn:
		return limit(report.Warn, quotaWarn)
	}
	return pass(r, seen)
}

// quotaOf is the quota in bytes by the member, its metrics or the expectation, in this order; 0 where nobody says.
func quotaOf(c *facts.Cluster, e *facts.Endpoint) int64 {
	switch {
	case e.Status.Quota > 0:
		return e.Status.Quota
	case e.Metrics.Quota > 0:
		return e.Metrics.Quota
	case c.Expect == nil:
		return 0
	}
	n, err := strconv.ParseInt(c.Expect.Settings[quotaSetting], 10, 64)
	if err == nil && n == 0 {
		return quotaStandard
	}
	return max(n, 0)
}

func sparse(e *facts.Endpoint) report.Result {
	r := on(e, "fragmentation")
	if e.Status.DBSize == 0 {
		return skip(r, "the member tells no size")
	}
	share := float64(e.Status.DBInUse) / float64(e.Status.DBSize)
	seen := fmt.Sprintf("%s of %s in use", humanize.IBytes(uint64(e.Status.DBInUse)), humanize.IBytes(uint64(e.Status.DBSize)))
	if e.Status.DBSize > sparseMin && share < sparseShare {
		return bad(report.Warn, r, "at least half in use", seen, "defragment it when it is not the leader: etcdctl defrag")
	}
	return pass(r, seen)
}

// slow judges a latency by its 99th percentile, given enough samples.
func slow(e *facts.Endpoint, subject string, l facts.Latency, most time.Duration, hint string) report.Result {
	r := on(e, subject)
	switch {
	case e.Metrics.Fault != nil:
		r.Evidence = e.Metrics.Fault.Evidence
		return skip(r, e.Metrics.Fault.Words)
	case l.Samples < minSamples:
		return skip(r, fmt.Sprintf("%d samples are too few, %d are wanted", l.Samples, minSamples))
	}
	seen := fmt.Sprintf("99 %% within %s, of %d", l.P99, l.Samples)
	if l.P99 > most {
		return bad(report.Warn, r, fmt.Sprintf("99 %% within %s", most), seen, hint)
	}
	return pass(r, seen)
}

func clock(e *facts.Endpoint) report.Result {
	r := on(e, "clock")
	if !e.Metrics.HasClock {
		return skip(r, "the member does not tell the time")
	}
	skew := e.Metrics.Skew
	if skew.Abs() > skewMax {
		way := "ahead of"
		if skew < 0 {
			way = "behind"
		}
		return bad(report.Warn, r, fmt.Sprintf("within %s of the clock here", skewMax),
			fmt.Sprintf("%s %s the clock here", skew.Abs(), way),
			"synchronise both clocks: certificates and leases depend on them")
	}
	return pass(r, fmt.Sprintf("within %s of the clock here", skewMax))
}

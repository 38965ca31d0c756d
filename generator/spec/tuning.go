package spec

import (
	"strconv"
	"time"
)

// Limits of etcd itself.
const (
	maxElection   = Duration(50 * time.Second) // embed.maxElectionMs
	advisedQuota  = Bytes(8 << 30)             // above, etcd warns at its start: recovery and snapshots become slow
	smallestQuota = Bytes(1 << 20)             // our own: less is a size without its unit
)

// checkTuning checks settings against what etcd accepts, so that no host finds out at its first boot.
func (d *document) checkTuning(t *Tuning) {
	quota := d.node("tuning", "quota_backend")
	switch {
	case d.bad[quota]:
	case t.QuotaBackend < smallestQuota:
		d.errorf(quota, "write it with a unit, for example 2GiB",
			"tuning.quota_backend: %s is too small for any database", t.QuotaBackend)
	case t.QuotaBackend > advisedQuota:
		d.warnf(quota, "use at most 8GiB", "tuning.quota_backend is above 8GiB, the most that etcd advises")
	}
	d.checkTimers(t)
	d.checkCompaction(&t.AutoCompaction)
}

func (d *document) checkTimers(t *Tuning) {
	heartbeat, election := d.node("tuning", "heartbeat_interval"), d.node("tuning", "election_timeout")
	switch {
	case t.HeartbeatInterval == 0:
		d.errorf(heartbeat, "the default is 100ms", "tuning.heartbeat_interval is zero")
	case t.ElectionTimeout > maxElection:
		d.errorf(election, "use at most 50s", "tuning.election_timeout: etcd refuses more than 50s, this is %s", t.ElectionTimeout)
	case t.ElectionTimeout < 5*t.HeartbeatInterval:
		n := election
		if !d.has("tuning", "election_timeout") {
			n = heartbeat
		}
		d.errorf(n, "use at least "+(5*t.HeartbeatInterval).String()+" for tuning.election_timeout; ten heartbeats are usual",
			"an election timeout of %s is less than five heartbeats of %s", t.ElectionTimeout, t.HeartbeatInterval)
	}
}

// checkCompaction checks the retention by the mode, and brings a time into the form that etcd takes.
func (d *document) checkCompaction(a *AutoCompaction) {
	n := d.node("tuning", "auto_compaction", "retention")
	if a.Retention == "" {
		if d.has("tuning", "auto_compaction") && !d.has("tuning", "auto_compaction", "retention") {
			d.warnf(d.node("tuning", "auto_compaction"), "add retention: 8h, or remove auto_compaction",
				"tuning.auto_compaction has no retention, so nothing is compacted")
		}
		return
	}
	if a.Mode == "revision" {
		if i, err := strconv.ParseUint(a.Retention, 10, 31); err != nil || i == 0 {
			d.errorf(n, "write how many revisions are kept, for example 1000",
				"tuning.auto_compaction.retention: %q is not a number of revisions", a.Retention)
		}
		return
	}
	if kept, err := ParseDuration(a.Retention); err != nil || kept < Duration(time.Second) {
		d.errorf(n, "write a time with a unit, for example 8h",
			"tuning.auto_compaction.retention: %q is not a time to keep", a.Retention)
	}
}

// completeTuning fills in what depends on the etcd minor, and writes a retention with the units that etcd knows.
func completeTuning(c *Cluster) {
	t := &c.Tuning
	if t.SnapshotCount == 0 {
		t.SnapshotCount = 10_000
		if c.Etcd.Minor() == "3.5" {
			t.SnapshotCount = 100_000
		}
	}
	if t.AutoCompaction.Mode == "" {
		t.AutoCompaction.Mode = "periodic"
	}
	if _, err := time.ParseDuration(t.AutoCompaction.Retention); err == nil || t.AutoCompaction.Mode == "revision" {
		return
	}
	if kept, err := ParseDuration(t.AutoCompaction.Retention); err == nil {
		t.AutoCompaction.Retention = time.Duration(kept).String()
	}
}

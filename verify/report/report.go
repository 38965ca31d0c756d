// Package report is what a verification found, as data: one row per member, one result per thing checked, one verdict.
// It knows nothing about how facts are collected or how a report is shown.
package report

import (
	"fmt"
	"slices"
	"time"
)

// Schema names the JSON form of a Report and its version.
const Schema = "etcdbake.report/v1"

// Report is one whole verification. Its JSON form is documented in docs/verify.md.
type Report struct {
	Schema string `json:"schema"`
	// Cluster is the cluster's name by the expectation, else empty.
	Cluster string `json:"cluster,omitempty"`
	// ClusterID is the ID that most members answer with, 16 hex digits; empty where none answered.
	ClusterID string    `json:"cluster_id,omitempty"`
	StartedAt time.Time `json:"started_at"`
	// TookMS is how long the last round of checks took, in milliseconds; waiting for a cluster to come up is not counted.
	TookMS int64 `json:"took_ms"`
	// Verdict is the overall verdict: Pass, Fail or Undetermined. With Strict a warning makes it Fail.
	Verdict Verdict  `json:"verdict"`
	Strict  bool     `json:"strict"`
	Members []Member `json:"members"`
	Results []Result `json:"results"`
}

// Member is what one endpoint says about itself: the row of `etcdctl endpoint status`. Where the endpoint did not answer,
// only Endpoint, Name and Errors are set.
type Member struct {
	Endpoint     string `json:"endpoint"`
	Name         string `json:"name"`
	ID           string `json:"id,omitempty"` // 16 hex digits
	Version      string `json:"version,omitempty"`
	DBSizeBytes  int64  `json:"db_size_bytes"`
	DBInUseBytes int64  `json:"db_in_use_bytes"`
	QuotaBytes   int64  `json:"quota_bytes,omitempty"` // zero where the member does not tell it
	Leader       bool   `json:"leader"`
	Learner      bool   `json:"learner"`
	LeaderID     string `json:"leader_id,omitempty"` // whom it takes for the leader, 16 hex digits
	RaftTerm     uint64 `json:"raft_term"`
	RaftIndex    uint64 `json:"raft_index"`
	AppliedIndex uint64 `json:"raft_applied_index"`
	// RoundTripMicros is the time of one status call over the open connection, in microseconds.
	RoundTripMicros int64 `json:"round_trip_us"`
	// Fsync, Commit and PeerRTT are latencies of the write-ahead log, of the database and between peers, by /metrics; nil
	// where there are none.
	Fsync   *Latency     `json:"fsync,omitempty"`
	Commit  *Latency     `json:"commit,omitempty"`
	PeerRTT *Latency     `json:"peer_round_trip,omitempty"`
	Server  *Certificate `json:"server_certificate,omitempty"`
	Peer    *Certificate `json:"peer_certificate,omitempty"`
	Errors  []string     `json:"errors,omitempty"`
}

// Latency is what a member measured since it started.
type Latency struct {
	Samples uint64 `json:"samples"`
	// P99Micros is what 99 % of the samples stay within, in microseconds: the upper bound of a histogram's bucket.
	P99Micros int64 `json:"p99_us"`
	// LimitMicros is the most that P99Micros should be, in microseconds.
	LimitMicros int64 `json:"limit_us"`
	// Judged says that there are samples enough to judge by.
	Judged bool `json:"judged"`
}

// Certificate is a certificate as it was served.
type Certificate struct {
	Subject   string    `json:"subject"`
	SHA256    string    `json:"sha256"` // of the DER, lower-case hex
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
}

// Result is the verdict of one check about one thing.
type Result struct {
	Check string `json:"check"`
	// Member is the member's name and Endpoint its URL; both are empty where the result is about the whole cluster.
	Member   string `json:"member,omitempty"`
	Endpoint string `json:"endpoint,omitempty"`
	// Subject is what of the member was looked at: "server certificate", "peer port without a certificate".
	Subject  string  `json:"subject"`
	Verdict  Verdict `json:"verdict"`
	Expected string  `json:"expected,omitempty"`
	Seen     string  `json:"seen,omitempty"`
	// Evidence is the raw error or value behind Seen.
	Evidence string `json:"evidence,omitempty"`
	// Hint says what to do about it.
	Hint string `json:"hint,omitempty"`
	// See names the check that says more, where this one was skipped because of it.
	See string `json:"see,omitempty"`
	// Heals says that waiting may change the verdict, as for a host that has not booted yet.
	Heals bool `json:"heals,omitempty"`
}

// Where says whom the result is about: a member's name, or "cluster".
func (r Result) Where() string {
	if r.Member == "" {
		return "cluster"
	}
	return r.Member
}

// Exit codes of a verification, the same for every output.
const (
	ExitPass         = 0
	ExitFail         = 1
	ExitUndetermined = 3
)

// ExitCode is the process exit code that the report stands for.
func (r *Report) ExitCode() int {
	switch r.Verdict {
	case Pass:
		return ExitPass
	case Undetermined:
		return ExitUndetermined
	default:
		return ExitFail
	}
}

// Judge computes the overall verdict from the results: any Fail fails, else any Undetermined leaves it undetermined;
// skips never count and warnings only with strict.
func Judge(results []Result, strict bool) Verdict {
	switch {
	case Count(results, Fail) > 0, strict && Count(results, Warn) > 0:
		return Fail
	case Count(results, Undetermined) > 0:
		return Undetermined
	default:
		return Pass
	}
}

// Worst is the worst verdict among results; Skip where there is none.
func Worst(results []Result) Verdict {
	worst := Skip
	for _, r := range results {
		if r.Verdict.WorseThan(worst) {
			worst = r.Verdict
		}
	}
	return worst
}

// Count is how many of the results have the verdict v.
func Count(results []Result, v Verdict) int {
	n := 0
	for _, r := range results {
		if r.Verdict == v {
			n++
		}
	}
	return n
}

// Select returns the results for which keep is true.
func Select(results []Result, keep func(Result) bool) []Result {
	return slices.DeleteFunc(slices.Clone(results), func(r Result) bool { return !keep(r) })
}

// ID renders an etcd ID as etcdctl does with --hex, padded to 16 digits.
func ID(id uint64) string { return fmt.Sprintf("%016x", id) }

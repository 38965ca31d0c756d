package verify

import (
	"time"

	"github.com/etcdbake/etcdbake/verify/checks"
	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// describe fills in the report's rows about the cluster and its members, with the limits that they are judged by.
func describe(r *Report, c *facts.Cluster, l checks.Limits) {
	if c.Expect != nil {
		r.Cluster = c.Expect.Name
	}
	if id, ok := c.ClusterID(); ok {
		r.ClusterID = report.ID(id)
	}
	for _, e := range c.Endpoints {
		r.Members = append(r.Members, member(e, l))
	}
}

func member(e *facts.Endpoint, l checks.Limits) report.Member {
	m := report.Member{Endpoint: e.URL, Name: e.Name(), Server: certificate(e.Client.Served)}
	for i := range e.Peers {
		if m.Peer == nil {
			m.Peer = certificate(e.Peers[i].Served)
		}
	}
	if e.Fault != nil {
		m.Errors = []string{e.Fault.Words}
	}
	s := e.Status
	if s == nil {
		return m
	}
	m.ID, m.Version = report.ID(s.MemberID), s.Version
	m.DBSizeBytes, m.DBInUseBytes, m.QuotaBytes = s.DBSize, s.DBInUse, max(s.Quota, e.Metrics.Quota)
	m.Leader, m.Learner = s.Leader == s.MemberID, s.Learner
	if s.Leader != 0 {
		m.LeaderID = report.ID(s.Leader)
	}
	m.RaftTerm, m.RaftIndex, m.AppliedIndex = s.Term, s.Index, s.Applied
	m.RoundTripMicros = s.RoundTrip.Microseconds()
	m.Fsync, m.Commit = latency(e.Metrics.Fsync, l.Fsync, l), latency(e.Metrics.Commit, l.Commit, l)
	m.PeerRTT = latency(e.Metrics.PeerRTT, l.PeerRTT, l)
	m.Errors = append(m.Errors, s.Errors...)
	return m
}

func latency(measured facts.Latency, most time.Duration, l checks.Limits) *report.Latency {
	if measured.Samples == 0 {
		return nil
	}
	return &report.Latency{
		Samples: measured.Samples, P99Micros: measured.P99.Microseconds(), LimitMicros: most.Microseconds(),
		Judged: measured.Samples >= l.MinSamples,
	}
}

func certificate(s *facts.Served) *report.Certificate {
	if s == nil {
		return nil
	}
	return &report.Certificate{
		Subject: s.Leaf.Subject.String(), SHA256: facts.Fingerprint(s.Leaf),
		NotBefore: s.Leaf.NotBefore.UTC(), NotAfter: s.Leaf.NotAfter.UTC(),
	}
}

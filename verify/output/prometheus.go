package output

import (
	"bytes"
	"fmt"
	"io"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/etcdbake/etcdbake/verify/report"
)

// Prometheus writes metrics in the text format, for node_exporter's textfile collector. Every series is there in every
// report, also with the value 0, so that an alert never goes away because its series does.
func Prometheus(w io.Writer, r *report.Report) error {
	var b bytes.Buffer
	for _, f := range append(totals(r), perMember(r)...) {
		if len(f.Metric) == 0 {
			continue
		}
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			return fmt.Errorf("metric %s: %w", f.GetName(), err)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// totals are about the report as a whole.
func totals(r *report.Report) []*dto.MetricFamily {
	verdict := gauge("etcd_verify_verdict", "Whether this is the overall verdict (1) or not (0).")
	for _, v := range []report.Verdict{report.Pass, report.Fail, report.Undetermined} {
		add(verdict, truth(r.Verdict == v), "cluster", r.Cluster, "verdict", string(v))
	}
	results := gauge("etcd_verify_results", "How many results of the check about the member have the verdict; "+
		"the member \"cluster\" is the whole.")
	g := newGrid(r)
	for _, check := range g.checks {
		for _, column := range g.columns {
			for _, v := range report.Verdicts() {
				if cell := g.cell(check, column); len(cell) > 0 {
					add(results, float64(report.Count(cell, v)),
						"cluster", r.Cluster, "check", check, "member", column, "verdict", string(v))
				}
			}
		}
	}
	start := gauge("etcd_verify_start_timestamp_seconds", "When the checks began, in seconds since 1970.")
	add(start, unix(r.StartedAt), "cluster", r.Cluster)
	duration := gauge("etcd_verify_duration_seconds", "How long the checks took.")
	add(duration, took(r).Seconds(), "cluster", r.Cluster)
	return []*dto.MetricFamily{verdict, results, start, duration}
}

// perMember are about one endpoint each. What a member that does not answer would say of itself is not there.
func perMember(r *report.Report) []*dto.MetricFamily {
	up := gauge("etcd_verify_member_up", "Whether the member answers.")
	leader := gauge("etcd_verify_member_leader", "Whether the member is the leader.")
	learner := gauge("etcd_verify_member_learner", "Whether the member is a learner.")
	info := gauge("etcd_verify_member_info", "Always 1; the labels say who the member is.")
	size := gauge("etcd_verify_member_db_size_bytes", "Size of the member's database.")
	inUse := gauge("etcd_verify_member_db_in_use_bytes", "How much of the member's database is in use.")
	roundTrip := gauge("etcd_verify_member_round_trip_seconds", "Time of one status call over an open connection.")
	begin := gauge("etcd_verify_certificate_not_before_timestamp_seconds", "When the served certificate begins to be valid.")
	end := gauge("etcd_verify_certificate_not_after_timestamp_seconds", "When the served certificate ends.")
	for _, m := range r.Members {
		who := []string{"cluster", r.Cluster, "member", m.Name, "endpoint", m.Endpoint}
		add(up, truth(m.ID != ""), who...)
		for _, c := range certificates(m) {
			add(begin, unix(c.NotBefore), append(who, "kind", c.kind)...)
			add(end, unix(c.NotAfter), append(who, "kind", c.kind)...)
		}
		if m.ID == "" {
			continue
		}
		add(leader, truth(m.Leader), who...)
		add(learner, truth(m.Learner), who...)
		add(info, 1, append(who, "id", m.ID, "version", m.Version)...)
		add(size, float64(m.DBSizeBytes), who...)
		add(inUse, float64(m.DBInUseBytes), who...)
		add(roundTrip, float64(m.RoundTripMicros)/1e6, who...)
	}
	return []*dto.MetricFamily{up, leader, learner, info, size, inUse, roundTrip, begin, end}
}

func gauge(name, help string) *dto.MetricFamily {
	return &dto.MetricFamily{Name: new(name), Help: new(help), Type: dto.MetricType_GAUGE.Enum()}
}

// add adds a series to the family; labels are names and values in turn.
func add(f *dto.MetricFamily, value float64, labels ...string) {
	m := &dto.Metric{Gauge: &dto.Gauge{Value: new(value)}}
	for i := 0; i < len(labels); i += 2 {
		m.Label = append(m.Label, &dto.LabelPair{Name: new(labels[i]), Value: new(clean(labels[i+1]))})
	}
	f.Metric = append(f.Metric, m)
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }

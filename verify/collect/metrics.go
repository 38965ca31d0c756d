package collect

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// The figures of /metrics that are read, by etcd's names.
const (
	metricFsync   = "etcd_disk_wal_fsync_duration_seconds"
	metricCommit  = "etcd_disk_backend_commit_duration_seconds"
	metricPeerRTT = "etcd_network_peer_round_trip_time_seconds"
	metricQuota   = "etcd_server_quota_backend_bytes"
	metricLeaders = "etcd_server_leader_changes_seen_total"
	metricFeature = "etcd_server_feature_enabled"
	metricPeers   = "etcd_network_active_peers"
	metricStart   = "process_start_time_seconds" // Linux only
)

func wantedMetrics() []string {
	return []string{metricFsync, metricCommit, metricPeerRTT, metricQuota, metricLeaders, metricFeature, metricPeers, metricStart}
}

// maxMetrics bounds what is read of /metrics; etcd's is about 200 KB.
const maxMetrics = 8 << 20

// inspect reads what the member tells over HTTP on its client port. Not every cluster serves it there.
func (m *member) inspect(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, m.round.step)
	defer cancel()
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, fault := m.connectAs(ctx, "http/1.1")
		if fault != nil {
			return nil, fault
		}
		return conn, nil
	}
	transport := &http.Transport{DialContext: dial, DialTLSContext: dial, DisableCompression: true}
	defer transport.CloseIdleConnections()
	m.Metrics = m.metrics(ctx, transport)
	// A peer that has just started connects in a moment.
	for range 5 {
		if !m.missesPeers() {
			break
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
			m.Metrics = m.metrics(ctx, transport)
		}
	}
	m.CommandLine = m.commandLine(ctx, transport)
}

// metrics reads /metrics.
func (m *member) metrics(ctx context.Context, transport *http.Transport) facts.Metrics {
	families, date, err := m.scrape(ctx, transport)
	if err != nil {
		return facts.Metrics{Fault: &facts.Fault{Stage: facts.RPC, Words: "no /metrics on the client port", Evidence: err.Error()}}
	}
	got := facts.Metrics{
		Fsync:         latency(families[metricFsync]),
		Commit:        latency(families[metricCommit]),
		PeerRTT:       latency(families[metricPeerRTT]),
		Quota:         int64(value(families[metricQuota])),
		LeaderChanges: uint64(value(families[metricLeaders])),
		Features:      features(families[metricFeature]),
		Connected:     connected(families[metricPeers]),
	}
	if t, err := http.ParseTime(date); err == nil {
		got.HasClock, got.Skew = true, time.Until(t).Truncate(time.Second)
		if start := value(families[metricStart]); start > 0 {
			got.Uptime = t.Sub(time.UnixMilli(int64(start * 1000)))
		}
	}
	return got
}

func (m *member) scrape(ctx context.Context, transport *http.Transport) (map[string]*dto.MetricFamily, string, error) {
	var wanted []byte
	header, err := m.get(ctx, transport, "/metrics", func(body io.Reader) (err error) {
		wanted, err = pick(body)
		return err
	})
	if err != nil {
		return nil, "", err
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(wanted))
	return families, header.Get("Date"), err
}

// commandLine reads how etcd was started from /debug/vars, which Go programs serve; nil where it is not there.
func (m *member) commandLine(ctx context.Context, transport *http.Transport) []string {
	var vars struct {
		CommandLine []string `json:"cmdline"`
	}
	_, err := m.get(ctx, transport, "/debug/vars", func(body io.Reader) error { return json.NewDecoder(body).Decode(&vars) })
	if err != nil {
		return nil
	}
	return vars.CommandLine
}

// get fetches a path of the member's client port and hands its body to read.
func (m *member) get(
	ctx context.Context, transport *http.Transport, path string, read func(io.Reader) error,
) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.URL+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", path, resp.Status)
	}
	return resp.Header, read(io.LimitReader(resp.Body, maxMetrics))
}

// value is the only sample of a counter or gauge, or 0.
func value(f *dto.MetricFamily) float64 {
	if len(f.GetMetric()) == 0 {
		return 0
	}
	m := f.GetMetric()[0]
	return m.GetGauge().GetValue() + m.GetCounter().GetValue()
}

// missesPeers tells whether the member has no connection to another one of its list.
func (m *member) missesPeers() bool {
	return m.Metrics.Connected != nil && slices.ContainsFunc(m.peers, func(id uint64) bool { return !m.Metrics.Connected[id] })
}

// connected are the peers to which there are connections; nil where they are not told.
func connected(f *dto.MetricFamily) map[uint64]bool {
	if f == nil {
		return nil
	}
	peers := map[uint64]bool{}
	for _, m := range f.GetMetric() {
		if id := peerID(m, "Remote"); m.GetGauge().GetValue() > 0 {
			peers[id] = true
		}
	}
	return peers
}

// peerID is the member's ID in a label, or 0.
func peerID(m *dto.Metric, label string) uint64 {
	for _, l := range m.GetLabel() {
		if l.GetName() == label {
			id, _ := strconv.ParseUint(l.GetValue(), 16, 64)
			return id
		}
	}
	return 0
}

// features are the feature gates by name; nil where there are none.
func features(f *dto.MetricFamily) map[string]bool {
	if f == nil {
		return nil
	}
	gates := map[string]bool{}
	for _, m := range f.GetMetric() {
		for _, l := range m.GetLabel() {
			if l.GetName() == "name" {
				gates[l.GetValue()] = m.GetGauge().GetValue() > 0
			}
		}
	}
	return gates
}

// pick keeps the lines of the wanted families: parsing all of them would take longer than everything else together.
func pick(r io.Reader) ([]byte, error) {
	var out bytes.Buffer
	var wanted [][]byte
	for _, name := range wantedMetrics() {
		wanted = append(wanted, []byte(name))
	}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), 1<<20)
	for lines.Scan() {
		line := bytes.TrimPrefix(bytes.TrimPrefix(lines.Bytes(), []byte("# HELP ")), []byte("# TYPE "))
		for _, name := range wanted {
			if bytes.HasPrefix(line, name) {
				out.Write(lines.Bytes())
				out.WriteByte('\n')
			}
		}
	}
	return out.Bytes(), lines.Err()
}

// latency summarises a histogram family; of several (one per peer) the slowest counts.
func latency(f *dto.MetricFamily) facts.Latency {
	var worst facts.Latency
	for _, m := range f.GetMetric() {
		h := m.GetHistogram()
		l := facts.Latency{Samples: h.GetSampleCount(), P99: p99(h), To: peerID(m, "To")}
		if worst.Samples == 0 || l.P99 > worst.P99 {
			worst = l
		}
	}
	return worst
}

// p99 is the upper bound of the bucket with the 99th percentile; for the last, open bucket its lower bound.
func p99(h *dto.Histogram) time.Duration {
	rank := 0.99 * float64(h.GetSampleCount())
	last := 0.0
	for _, b := range h.GetBucket() {
		if !math.IsInf(b.GetUpperBound(), 1) {
			last = b.GetUpperBound()
		}
		if float64(b.GetCumulativeCount()) >= rank {
			break
		}
	}
	return time.Duration(last * float64(time.Second))
}

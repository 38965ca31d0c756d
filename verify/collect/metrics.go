package collect

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
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
)

// maxMetrics bounds what is read of /metrics; etcd's is about 200 KB.
const maxMetrics = 8 << 20

// metrics reads /metrics of the member's client port. Not every cluster serves it there.
func (m *member) metrics(ctx context.Context) facts.Metrics {
	ctx, cancel := context.WithTimeout(ctx, m.round.step)
	defer cancel()
	families, date, err := m.scrape(ctx)
	if err != nil {
		return facts.Metrics{Fault: &facts.Fault{Stage: facts.RPC, Words: "no /metrics on the client port", Evidence: err.Error()}}
	}
	got := facts.Metrics{
		Fsync:   latency(families[metricFsync]),
		Commit:  latency(families[metricCommit]),
		PeerRTT: latency(families[metricPeerRTT]),
	}
	if q := families[metricQuota].GetMetric(); len(q) > 0 {
		got.Quota = int64(q[0].GetGauge().GetValue())
	}
	if t, err := http.ParseTime(date); err == nil {
		got.HasClock, got.Skew = true, time.Until(t).Truncate(time.Second)
	}
	return got
}

func (m *member) scrape(ctx context.Context) (map[string]*dto.MetricFamily, string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.URL+"/metrics", nil)
	if err != nil {
		return nil, "", err
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, fault := m.connectAs(ctx, "http/1.1")
		if fault != nil {
			return nil, fault
		}
		return conn, nil
	}
	transport := &http.Transport{DialContext: dial, DialTLSContext: dial, DisableKeepAlives: true, DisableCompression: true}
	resp, err := transport.RoundTrip(req)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("GET /metrics: %s", resp.Status)
	}
	wanted, err := pick(io.LimitReader(resp.Body, maxMetrics))
	if err != nil {
		return nil, "", err
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(wanted))
	return families, resp.Header.Get("Date"), err
}

// pick keeps the lines of the wanted families: parsing all of them would take longer than everything else together.
func pick(r io.Reader) ([]byte, error) {
	var out bytes.Buffer
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 64<<10), 1<<20)
	for lines.Scan() {
		line := strings.TrimPrefix(strings.TrimPrefix(lines.Text(), "# HELP "), "# TYPE ")
		for _, name := range []string{metricFsync, metricCommit, metricPeerRTT, metricQuota} {
			if strings.HasPrefix(line, name) {
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
		l := facts.Latency{Samples: h.GetSampleCount(), P99: p99(h)}
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

package output_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/verify/output"
	"github.com/etcdbake/etcdbake/verify/report"
)

var update = flag.Bool("update", false, "write the golden files anew")

// broken has one result of every verdict, a member that does not answer, and a server that tries to speak to the terminal.
func broken() *report.Report {
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	r := &report.Report{
		Schema: report.Schema, Cluster: "k8s-etcd", ClusterID: report.ID(0xcdf818194e3a8c32), StartedAt: at, TookMS: 2512,
		Members: []report.Member{
			{
				Endpoint: "https://10.140.0.2:2379", Name: "master1", ID: report.ID(0x8e9e05c52164694d), Version: "3.6.14",
				DBSizeBytes: 20480, DBInUseBytes: 16384, Leader: true, LeaderID: report.ID(0x8e9e05c52164694d),
				RaftTerm: 2, RaftIndex: 9, AppliedIndex: 9, RoundTripMicros: 410,
				Server: &report.Certificate{Subject: "CN=master1", SHA256: strings.Repeat("0a", 32), NotBefore: at,
					NotAfter: at.AddDate(1, 0, 0)},
			},
			{Endpoint: "https://10.140.0.3:2379", Name: "master2\x1b[1m",
				Errors: []string{"connection refused: nothing listens on 10.140.0.3:2379"}},
		},
		Results: []report.Result{
			{Check: "reach", Member: "master1", Endpoint: "https://10.140.0.2:2379", Subject: "endpoint", Verdict: report.Pass,
				Seen: "answers in 410µs"},
			{
				Check: "reach", Member: "master2\x1b[1m", Endpoint: "https://10.140.0.3:2379", Subject: "endpoint", Verdict: report.Fail, Heals: true,
				Expected: "an answer", Seen: "TCP: connection refused: nothing listens on 10.140.0.3:2379",
				Evidence: "dial tcp 10.140.0.3:2379: connect: connection refused", Hint: "on the host: systemctl status etcd",
			},
			{Check: "closed", Member: "master1", Subject: "peer port", Verdict: report.Undetermined, Seen: "no answer\x1b[2J"},
			{Check: "closed", Member: "master2\x1b[1m", Subject: "peer port", Verdict: report.Skip, Seen: "no answer: see reach"},
			{Check: "consensus", Subject: "quorum", Verdict: report.Pass, Seen: "1 of 1 members answer"},
			{Check: "consensus", Subject: "tolerance", Verdict: report.Warn, Expected: "survives the loss of 1",
				Seen: "survives the loss of 0 more"},
		},
	}
	r.Verdict = report.Judge(r.Results, false)
	return r
}

func healthy() *report.Report {
	r := broken()
	r.Members = r.Members[:1]
	r.Results = report.Select(r.Results, func(x report.Result) bool { return x.Verdict == report.Pass })
	r.Verdict, r.TookMS = report.Judge(r.Results, false), 31
	return r
}

func TestReportsLookAsTheyAreDocumented(t *testing.T) {
	for name, r := range map[string]*report.Report{"broken": broken(), "healthy": healthy()} {
		for format, write := range map[string]func(*bytes.Buffer) error{
			"table": func(b *bytes.Buffer) error { return output.Table(b, r, false) },
			"color": func(b *bytes.Buffer) error { return output.Table(b, r, true) },
			"json":  func(b *bytes.Buffer) error { return output.JSON(b, r) },
		} {
			t.Run(name+"."+format, func(t *testing.T) {
				var b bytes.Buffer
				if err := write(&b); err != nil {
					t.Fatal(err)
				}
				golden(t, filepath.Join("testdata", name+"."+format), b.Bytes())
			})
		}
	}
}

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got); go test ./verify/output -update writes it anew:\n%s", path, diff)
	}
}

func TestJSONIsReadBackAsTheSameReport(t *testing.T) {
	var b bytes.Buffer
	if err := output.JSON(&b, broken()); err != nil {
		t.Fatal(err)
	}
	var got report.Report
	d := json.NewDecoder(&b)
	if err := d.Decode(&got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(broken(), &got); diff != "" {
		t.Error(diff)
	}
	if d.More() {
		t.Error("there is more than one document")
	}
}

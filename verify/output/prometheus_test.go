package output_test

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/etcdbake/etcdbake/verify/report"
)

func TestMetricsAreReadBackAndFollowTheConventions(t *testing.T) {
	for name, r := range cases() {
		data := write(t, "prometheus", false, r)
		problems, err := promlint.New(bytes.NewReader(data)).Lint()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, p := range problems {
			t.Errorf("%s: %s: %s", name, p.Metric, p.Text)
		}
		families := metrics(t, data)
		results := 0.0
		for _, m := range families["etcd_verify_results"].GetMetric() {
			results += m.GetGauge().GetValue()
		}
		if int(results) != len(r.Results) {
			t.Errorf("%s: %g results, want %d", name, results, len(r.Results))
		}
		if got := len(families["etcd_verify_member_up"].GetMetric()); got != len(r.Members) {
			t.Errorf("%s: %d members, want %d", name, got, len(r.Members))
		}
	}
}

// metrics parses as node_exporter does, and finds series that are there twice and time stamps, which it refuses.
func metrics(t *testing.T, data []byte) map[string]*dto.MetricFamily {
	t.Helper()
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%v in:\n%s", err, data)
	}
	seen := map[string]bool{}
	for name, f := range families {
		for _, m := range f.GetMetric() {
			series := name + " " + labels(m)
			if seen[series] {
				t.Errorf("%s is there twice", series)
			}
			seen[series] = true
			if m.TimestampMs != nil {
				t.Errorf("%s has a time stamp", series)
			}
		}
	}
	return families
}

func labels(m *dto.Metric) string {
	var all []string
	for _, l := range m.GetLabel() {
		all = append(all, l.GetName()+"="+l.GetValue())
	}
	return strings.Join(all, ",")
}

func TestTheVerdictIsOneOfThree(t *testing.T) {
	for name, r := range cases() {
		for _, m := range metrics(t, write(t, "prometheus", false, r))["etcd_verify_verdict"].GetMetric() {
			verdict := m.GetLabel()[1].GetValue()
			want := 0.0
			if report.Verdict(verdict) == r.Verdict {
				want = 1
			}
			if got := m.GetGauge().GetValue(); got != want {
				t.Errorf("%s: %s is %g, want %g", name, verdict, got, want)
			}
		}
	}
}

func TestEveryMetricIsDocumentedAndEveryDocumentedOneIsThere(t *testing.T) {
	families := metrics(t, write(t, "prometheus", false, passing()))
	documented := map[string]bool{}
	for _, path := range []string{"../../docs/verify-outputs.md", "../../docs/pipelines.md"} {
		markdown, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile(`etcd_verify_[a-z_]+`).FindAllString(string(markdown), -1) {
			documented[name] = true
			if families[name] == nil {
				t.Errorf("%s has %s, which is no metric", path, name)
			}
		}
	}
	for name := range families {
		if !documented[name] {
			t.Errorf("%s is in no document", name)
		}
	}
}

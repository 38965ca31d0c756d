package ignition

import (
	"path/filepath"
	"testing"

	"github.com/coreos/ignition/v2/config/v3_3"
	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/plan/plantest"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

// exampleHosts has target as given.
func exampleHosts(t *testing.T, image string) []plan.Host {
	t.Helper()
	return plantest.ExampleHosts(t, func(target *spec.Target) { target.Format, target.Image = spec.IgnitionFormat, image })
}

func encoded(t *testing.T, host plan.Host, form Form) []byte {
	t.Helper()
	config, err := Encode(host, form)
	if err != nil {
		t.Fatal(err)
	}
	return config
}

// cases are all kinds of configs, by the names of their golden files.
func cases(t *testing.T) map[string][]byte {
	return map[string][]byte{
		"readable": encoded(t, exampleHosts(t, spec.StockImage)[0], Readable),
		"compact":  encoded(t, exampleHosts(t, spec.StockImage)[0], Compact),
		"golden":   encoded(t, exampleHosts(t, spec.GoldenImage)[0], Readable),
	}
}

func TestEncodeGolden(t *testing.T) {
	for name, got := range cases(t) {
		goldenfile.Compare(t, filepath.Join("testdata", "master1."+name+".ign"), got)
		t.Logf("%s: %d bytes", name, len(got))
	}
}

func TestEncodeIsTheSameEveryTime(t *testing.T) {
	if diff := cmp.Diff(cases(t), cases(t)); diff != "" {
		t.Error(diff)
	}
}

func TestIgnitionsOwnValidatorFindsNothingToSay(t *testing.T) {
	for name, config := range cases(t) {
		_, report, err := v3_3.Parse(config)
		if err != nil || len(report.Entries) > 0 {
			t.Errorf("%s: %v\n%s", name, err, report.String())
		}
	}
}

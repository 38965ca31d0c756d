package output_test

import (
	"bytes"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/etcdbake/etcdbake/tools/etcdbin"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/report"
)

// TestARealClusterIsShownInEveryFormat shows what etcd really says of itself, healthy and with a member down.
func TestARealClusterIsShownInEveryFormat(t *testing.T) {
	version := etcdbin.Versions()[len(etcdbin.Versions())-1]
	c := etcdtest.New(t, etcdbin.Need(t, version).Etcd, version, 3)
	c.Start()
	o := verify.Options{Expect: c.Expect(), Credentials: c.Credentials()}
	healthy := shown(t, o)
	if healthy.Verdict != report.Pass {
		t.Errorf("the verdict of a healthy cluster is %s", healthy.Verdict)
	}
	for _, m := range healthy.Members {
		if m.QuotaBytes == 0 || m.Fsync == nil || m.Commit == nil || m.Server == nil || m.Peer == nil {
			t.Errorf("%s lacks facts that a page shows: %+v", m.Name, m)
		}
	}
	c.Members[1].Kill()
	if broken := shown(t, o); broken.Verdict != report.Fail {
		t.Errorf("the verdict with a member down is %s", broken.Verdict)
	}
}

// shown verifies and shows the report in every format that a machine reads back.
func shown(t *testing.T, o verify.Options) *verify.Report {
	t.Helper()
	r, err := verify.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate(t, compiled(t), write(t, "json", false, r)); err != nil {
		t.Error(err)
	}
	for _, problem := range misshapen(write(t, "junit", false, r)) {
		t.Error(problem)
	}
	data := write(t, "prometheus", false, r)
	if problems, err := promlint.New(bytes.NewReader(data)).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
	metrics(t, data)
	return r
}

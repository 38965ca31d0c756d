package etcdbin_test

import (
	"os"
	"os/exec"
	"testing"

	"github.com/etcdbake/etcdbake/tools/etcdbin"
)

func TestASkewedEtcdRuns(t *testing.T) {
	cmd := exec.Command(etcdbin.NeedSkewed(t, "3.6.14"), "--version")
	cmd.Env = append(os.Environ(), etcdbin.SkewVariable+"=3600")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

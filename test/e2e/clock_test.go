//go:build e2e

package e2e

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// TestAClockThatIsBehindIsWaitedFor: hosts share this machine's clock, so the certificates are made on one that is ahead. To the
// host that is the same as a clock of its own that is behind, be it by an hour or in 1970.
func TestAClockThatIsBehindIsWaitedFor(t *testing.T) {
	t.Parallel()
	const ahead = 60 * time.Second
	c, h := newSingle(t, "pki: {backdate: 0s}", goodMirror)
	valid := time.Now().Add(ahead)
	options := generator.Options{
		Spec: filepath.Join(c.dir, "cluster.yaml"), PKI: filepath.Join(c.dir, "ahead"), Out: filepath.Join(c.dir, "out"),
		Clock: func() time.Time { return valid },
	}
	if _, err := generator.Generate(c.ctx, options); err != nil {
		t.Fatal(err)
	}
	c.reseed(h, "i-ahead", c.read("out", "user-data", "master1.yaml"))
	c.boot(h)
	said := c.untilStatus(h, "the clock says ", ", before the certificates are valid: waiting for time synchronisation")
	if err := host.Eventually(c.ctx, func() error {
		_, err := h.Exec(c.ctx, "systemctl", "is-active", "multi-user.target")
		return err
	}); err != nil {
		t.Errorf("the boot is held up: %v", err)
	}
	if state := c.show(h, "etcd.service", "ActiveState"); state != "inactive" {
		t.Errorf("etcd.service is %s before its certificates are valid", state)
	}
	took := c.untilHealthy(h)
	started := h.Since().Add(took)
	if started.Before(valid) {
		t.Errorf("etcd was ready %v before its certificates are valid", valid.Sub(started))
	}
	if log := c.exec(h, "journalctl", "-b", "-o", "cat", "-u", "etcd.service"); strings.Contains(log, "not yet valid") {
		t.Error("etcd has seen certificates that are not valid yet")
	}
	t.Logf("said so %v after power-on; healthy %v after it, %v after its certificates became valid",
		said, took, started.Sub(valid).Round(100*time.Millisecond))
}

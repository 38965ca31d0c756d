//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestUserDataAreShreddedOnceTheHostIsDone(t *testing.T) {
	t.Parallel()
	c := newClusterWith(t, "shred_user_data: true\n", goodMirror)
	h := c.hosts[0]
	// Held back on one host, to see what there is to shred.
	drop := filepath.Join(h.Root(), "etc/systemd/system/etcdbake-shred.service.d")
	if err := os.MkdirAll(drop, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(drop, "not-yet.conf"), []byte("[Unit]\nConditionPathExists=/nowhere\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c.boot(c.hosts...)
	c.verify()
	c.exec(h, "cloud-init", "status", "--wait")
	t.Logf("with keys before: %q", c.filesWithKeys(h, "0"))
	c.exec(h, "rm", "-r", "/etc/systemd/system/etcdbake-shred.service.d")
	c.exec(h, "systemctl", "daemon-reload")
	c.exec(h, "systemctl", "start", "etcdbake-shred.service")
	for _, h := range c.hosts {
		c.untilActive(h, "etcdbake-shred.service")
		want := []string{"/etc/etcd/ssl/etcd-key.pem", "/etc/etcd/ssl/etcd-peer-key.pem"}
		if diff := cmp.Diff(want, c.filesWithKeys(h, "0")); diff != "" {
			t.Errorf("%s: files with a key (-want +got):\n%s", h.Name, diff)
		}
	}
}

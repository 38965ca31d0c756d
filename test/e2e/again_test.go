//go:build e2e

package e2e

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// rotated makes the host's certificates others than those of the user-data: text before the PEM is none of it.
const rotated = `for pem in /etc/etcd/ssl/*.pem; do { echo rotated; cat $pem; } >/etc/etcd/new && cat /etc/etcd/new >$pem; done; rm /etc/etcd/new`

// TestTheSameUserDataNeverOverwriteAHost boots a member again and again, as clouds and operators do.
func TestTheSameUserDataNeverOverwriteAHost(t *testing.T) {
	t.Parallel()
	c, h := newSingle(t, "", goodMirror)
	c.boot(h)
	c.untilHealthy(h)
	c.exec(h, "cloud-init", "status", "--wait")
	c.etcdctl(h, "put", "key", "before")
	c.exec(h, "sh", "-c", rotated)
	snapshot := func() string { // without the note of which instance this is
		return c.exec(h, "sh", "-c", `find /etc/etcd /etc/etcdbake /usr/local/bin /var/lib/etcdbake/done -printf '%p %M %u:%g %T@\n'`)
	}
	before := snapshot()
	again := func(what string) {
		t.Helper()
		c.boot(h)
		took := c.untilHealthy(h)
		c.exec(h, "cloud-init", "status", "--wait")
		if diff := cmp.Diff(before, snapshot()); diff != "" {
			t.Errorf("%s has changed the host (-before +after):\n%s", what, diff)
		}
		if got := c.etcdctl(h, "get", "--print-value-only", "key"); got != "before" {
			t.Errorf("after %s the value is %q", what, got)
		}
		t.Logf("healthy %v after %s", took, what)
	}

	c.shutdown(h)
	again("a reboot")

	c.exec(h, "cloud-init", "clean", "--logs")
	c.shutdown(h)
	again("cloud-init clean and a reboot")

	c.shutdown(h)
	c.reseed(h, "i-another", h.UserData)
	again("a new instance ID")

	c.exec(h, "sh", "-c", `for i in 1 2 3 4; do sh /etc/etcdbake/first-boot & done; wait`)
	c.shutdown(h)
	again("four runs of the script at once")

	c.exec(h, "cloud-init", "clean") // or it would not look for others, as on EC2
	c.shutdown(h)
	c.reseed(h, "i-another", c.generateSingle("tuning: {heartbeat_interval: 50ms}", goodMirror))
	c.boot(h)
	c.untilHealthy(h)
	c.exec(h, "cloud-init", "status", "--wait")
	if got := c.environment(h)["ETCD_HEARTBEAT_INTERVAL"]; got != "50" {
		t.Errorf("after the user-data were changed, the heartbeat interval is %s ms", got)
	}
	if pem := c.exec(h, "cat", "/etc/etcd/ssl/etcd.pem"); strings.Contains(pem, "rotated") {
		t.Error("changed user-data have not brought their certificates")
	}
	if got := c.etcdctl(h, "get", "--print-value-only", "key"); got != "before" {
		t.Errorf("after the user-data were changed, the value is %q", got)
	}
	c.verify()
	if downloads := len(c.mirror.log()); downloads != 1 {
		t.Errorf("etcd was downloaded %d times in six boots", downloads)
	}
}

func (c *cluster) reseed(h *host.Host, instance string, userData []byte) {
	c.t.Helper()
	if err := h.Reseed(instance, userData); err != nil {
		c.t.Fatal(err)
	}
}

func TestScriptsAtOnceMakeOneMember(t *testing.T) {
	t.Parallel()
	c, h := newSingle(t, "", brokenMirror)
	c.boot(h)
	c.exec(h, "sh", "-c", `
		until [ -e /etc/etcdbake/first-boot.env ] && [ -e /etc/etcd/ssl/etcd-peer-key.pem ]; do sleep 0.01; done
		for i in 1 2 3 4; do sh /etc/etcdbake/first-boot & done; wait`)
	took := c.untilHealthy(h)
	c.verify()
	noUnitFailed(c, h)
	if downloads := len(c.mirror.log()); downloads != 2 {
		t.Errorf("%d requests, want the one that was cut off and the one that went on", downloads)
	}
	t.Logf("five runs at once: healthy %v after power-on", took)
}

// TestACopyOfAMemberIsRefused makes an instance from a member's snapshot, as the same member, and as another one.
func TestACopyOfAMemberIsRefused(t *testing.T) {
	t.Parallel()
	c := newCluster(t, goodMirror)
	c.boot(c.hosts...)
	c.verify()
	original := c.hosts[0]
	c.shutdown(original)
	for _, test := range []struct {
		address  string
		userData []byte
		want     string
	}{
		{"10.140.0.8", original.UserData, "this is a copy of the host of master1 of e2e: rm /var/lib/etcdbake/host if that one is gone"},
		{"10.140.0.9", c.hosts[1].UserData,
			"/var/lib/etcd is of master1 of e2e, not of master2 of e2e: left as it is"},
	} {
		clone := c.install(rootFS, host.Config{
			Name: "copy" + test.address[len(test.address)-1:], Address: netip.MustParseAddr(test.address),
			UserData: test.userData, CopyOf: original,
		})
		c.hosts = c.hosts[:3]
		c.boot(clone)
		took := c.untilStatus(clone, test.want)
		if pid := c.show(clone, "etcd.service", "MainPID"); pid != "0" {
			t.Errorf("etcd runs on %s, with PID %s", clone.Name, pid)
		}
		if state := c.exec(clone, "systemctl", "show", "--value", "-p", "ActiveEnterTimestampMonotonic", "etcd.service"); state != "0" {
			t.Errorf("etcd has run on %s", clone.Name)
		}
		t.Logf("%s: refused %v after power-on", clone.Name, took)
	}
	c.boot(original)
	c.verify()
}

func TestDataThatNobodyKnowsAreRefused(t *testing.T) {
	t.Parallel()
	c, h := newSingle(t, "", goodMirror)
	c.onDisk(h, "var/lib/etcd/member/wal/0.wal", "somebody's")
	c.boot(h)
	took := c.untilStatus(h, "/var/lib/etcd has data already, and it is not known whose: left as it is")
	if got := c.exec(h, "cat", "/var/lib/etcd/member/wal/0.wal"); got != "somebody's" {
		t.Errorf("the data are %q now", got)
	}
	c.exec(h, "mv", "/var/lib/etcd", "/var/lib/etcd.somebody")
	t.Logf("refused %v after power-on, healthy %v after power-on without another word", took, c.untilHealthy(h))
	c.verify()
}

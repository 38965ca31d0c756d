//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// TestScriptsMakeHostsAVerifiedCluster follows one cluster from scripts, each member's given to it in another way, from its first
// boot through reboots.
func TestScriptsMakeHostsAVerifiedCluster(t *testing.T) {
	t.Parallel()
	c := &cluster{lab: newLab(t), dir: t.TempDir()}
	c.writeSpec([]string{goodMirror}, "")
	c.etcdbake("generate", "--format", "script")
	script := func(name string) []byte { return c.read("out", "script", name+".sh") }
	startup := c.addSystem(bare, "master1", addresses()[0], nil)
	asStartupScript(c, startup, script("master1"))
	ssh := c.addSystem(bare, "master2", addresses()[1], nil)
	busybox(c, ssh, nil)
	cloudInit := c.addSystem(debian("trixie"), "master3", addresses()[2], script("master3"))
	watch := c.watchSecrets()
	c.boot(c.hosts...)
	c.untilUp(ssh)
	overSSH(c, ssh, script("master2"))
	c.verify()
	for _, early := range watch.stop() {
		t.Error(early)
	}
	for _, h := range c.hosts {
		noUnitFailed(c, h)
		settingsReachEtcd(c, h)
	}
	filesAreOwned(c, cloudInit)
	keysAreSecret(c, cloudInit)
	hostIsAsPlanned(c, cloudInit)

	t.Run("another run changes nothing", func(t *testing.T) {
		c := c.in(t)
		before := c.planned()
		overSSH(c, ssh, script("master2"))
		overSSH(c, cloudInit, script("master3"))
		if diff := cmp.Diff(before, c.planned()); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	})
	t.Run("another member's script changes nothing", func(t *testing.T) {
		c := c.in(t)
		before := c.planned()
		_, err := ssh.ExecInput(c.ctx, script("master1"), "sh")
		const want = "etcdbake: this host is master2 of e2e, but this script is for master1 of e2e: nothing is changed"
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("it ends with %v, want %s", err, want)
		}
		if diff := cmp.Diff(before, c.planned()); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	})
	t.Run("a boot leaves what was rotated on the host alone", func(t *testing.T) {
		c := c.in(t)
		for _, h := range c.hosts {
			// etcd reads over what is outside of the PEM block.
			c.exec(h, "sh", "-c", "echo rotated >>/etc/etcd/ssl/etcd.pem")
		}
		before, downloads := c.planned(), len(c.mirror.log())
		for _, h := range []*host.Host{startup, cloudInit} { // the others keep the quorum, without which it takes longer
			c.shutdown(h)
			c.boot(h)
			c.untilUp(h)
			c.verify()
		}
		said := c.exec(startup, "journalctl", "-b", "--no-pager", "-o", "cat", "-u", "google-startup-scripts")
		if want := "etcdbake: first boot is done here, so nothing is changed"; !strings.Contains(said, want) {
			t.Errorf("the startup script says\n%s\nand not %s", said, want)
		}
		if diff := cmp.Diff(before, c.planned()); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
		if extra := c.mirror.log()[downloads:]; len(extra) > 0 {
			t.Errorf("the mirror was asked again: %v", extra)
		}
	})
}

// planned lists the plan's files on every host: with owners, digests and times.
func (c *cluster) planned() map[string]string {
	c.t.Helper()
	lists := map[string]string{}
	for _, h := range c.hosts {
		lists[h.Name] = c.exec(h, "sh", "-c", planned+"\nstat -c '%n %y %i' $(find $paths -type f)")
	}
	return lists
}

// TestAScriptGoesOnAfterAPowerCut cuts the power between the script and the end of first boot, when nothing or only cloud-init
// runs the script again.
func TestAScriptGoesOnAfterAPowerCut(t *testing.T) {
	t.Parallel()
	for _, w := range []way{
		{name: "over ssh", system: bare, give: overSSH},
		{name: "as user-data", system: debian("bullseye"), prepare: asUserData},
	} {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			c := &cluster{lab: newLab(t), dir: t.TempDir()}
			c.writeSingle(stalledMirror)
			c.etcdbake("generate", "--format", "script")
			h := c.bootBy(w, "m1", addresses()[0], c.read("out", "script", "m1.sh"))
			c.powerCutHalfway(h)
			c.boot(h)
			c.verify()
			noUnitFailed(c, h)
			if w.give != nil {
				return
			}
			said := c.exec(h, "cat", "/var/log/cloud-init-output.log")
			if n := strings.Count(said, "etcdbake: this host becomes etcd member m1"); n != 2 {
				t.Errorf("cloud-init has run the script %d times, want 2:\n%s", n, said)
			}
		})
	}
}

// powerCutHalfway cuts the host's power when the mirror has sent it half of etcd.
func (c *cluster) powerCutHalfway(h *host.Host) {
	c.t.Helper()
	select {
	case <-c.mirror.halfway:
	case <-c.ctx.Done():
		c.t.Fatal("the host has not asked the mirror")
	}
	if _, err := os.Stat(filepath.Join(h.Root(), "var/lib/etcdbake/done")); err == nil {
		c.t.Fatal("first boot is done already")
	}
	if err := h.PowerCut(); err != nil {
		c.t.Fatal(err)
	}
}

// TestAnotherScriptChangesAMember runs the script of a changed spec on a member that is up.
func TestAnotherScriptChangesAMember(t *testing.T) {
	t.Parallel()
	c := &cluster{lab: newLab(t), dir: t.TempDir()}
	c.writeSingle(goodMirror)
	c.etcdbake("generate", "--format", "script")
	h := c.bootBy(way{system: bare, give: overSSH}, "m1", addresses()[0], c.read("out", "script", "m1.sh"))
	c.verify()
	spec := append(c.read("cluster.yaml"), "tuning: {heartbeat_interval: 200ms, election_timeout: 2s}\n"...)
	if err := os.WriteFile(filepath.Join(c.dir, "cluster.yaml"), spec, 0o644); err != nil {
		t.Fatal(err)
	}
	c.etcdbake("generate", "--format", "script")
	overSSH(c, h, c.read("out", "script", "m1.sh"))
	c.verify() // its settings too
	if got := c.environment(h)["ETCD_HEARTBEAT_INTERVAL"]; got != "200" {
		t.Errorf("etcd has a heartbeat of %s ms, want 200", got)
	}
	if downloads := len(c.mirror.log()); downloads != 1 {
		t.Errorf("%d downloads, want 1", downloads)
	}
}

//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

const maintained = `maintenance:
  defrag: {schedule: yearly, threshold: 40, min_size: 8MiB}
  backup: {schedule: '*:*:0/20', keep: 2, command: /usr/local/bin/ship}
`

// ship stands for what an operator has: it says what it was given, and fails while a file says so.
const ship = "#!/bin/sh\n[ ! -e /run/ship-fails ] || exit 7\ntest -s \"$1\" && echo \"$1\" >>\"$HOME/shipped\"\n"

// fill writes 14 MB to the cluster and deletes them again, so that most of the database file is free.
const fill = `. /etc/profile.d/etcdctl.sh
head -c 1000000 /dev/zero | tr '\0' x >/tmp/value
for i in $(seq 14); do etcdctl put big/$((i % 2))/$i </tmp/value >/dev/null; done
etcdctl del --prefix big/ >/dev/null
revision=$(etcdctl get nothing -w json | sed 's/.*"revision":\([0-9]*\).*/\1/')
etcdctl compaction --physical "$revision" >/dev/null`

func TestMaintenanceIsDoneWhereTheSpecAsksForIt(t *testing.T) {
	t.Parallel()
	c := newClusterWith(t, maintained, goodMirror)
	for _, h := range c.hosts {
		if err := os.WriteFile(filepath.Join(h.Root(), "usr/local/bin/ship"), []byte(ship), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	c.boot(c.hosts...)
	c.verify()
	c.etcdctl(c.hosts[0], "put", "before", "backup")

	t.Run("timers run", func(t *testing.T) { timersRun(c.in(t)) })
	t.Run("one member after another is defragmented, the leader last", func(t *testing.T) { defragments(c.in(t)) })
	t.Run("nothing is defragmented while a member is down", func(t *testing.T) { defragmentsNothing(c.in(t)) })
	t.Run("the newest backups are kept, and shipped", func(t *testing.T) { backsUp(c.in(t)) })
	t.Run("a cluster that has lost all comes back from one backup", func(t *testing.T) { restores(c.in(t)) })
}

// etcdctl runs as root's own, with the environment of a login shell.
func (c *cluster) etcdctl(h *host.Host, args ...string) string {
	c.t.Helper()
	return c.exec(h, "sh", append([]string{"-c", `. /etc/profile.d/etcdctl.sh; exec etcdctl "$@"`, "etcdctl"}, args...)...)
}

func timersRun(c *cluster) {
	for _, h := range c.hosts {
		for timer, want := range map[string]string{"etcdbake-defrag.timer": "active", "etcdbake-backup.timer": "active"} {
			if state := c.show(h, timer, "ActiveState"); state != want {
				c.t.Errorf("%s on %s is %s, want %s", timer, h.Name, state, want)
			}
		}
		if out := c.exec(h, "sh", "-c", "systemd-analyze verify etcdbake-backup.service etcdbake-defrag.service "+
			"etcdbake-backup.timer etcdbake-defrag.timer 2>&1 | grep etcdbake || :"); out != "" {
			c.t.Errorf("systemd on %s: %s", h.Name, out)
		}
		c.eventually(func() error {
			_, err := h.Exec(c.ctx, "sh", "-c", "ls /var/backups/etcd/e2e-"+h.Name+"-*.db")
			return err
		})
	}
}

// databaseSize is that of the host's own member's file, in bytes.
func (c *cluster) databaseSize(h *host.Host) int {
	c.t.Helper()
	size, err := strconv.Atoi(c.exec(h, "stat", "-c", "%s", "/var/lib/etcd/member/snap/db"))
	if err != nil {
		c.t.Fatal(err)
	}
	return size
}

// leader returns the host of the member that leads.
func (c *cluster) leader() *host.Host {
	c.t.Helper()
	for _, h := range c.hosts {
		if values := fields(c.etcdctl(h, "endpoint", "status", "-w", "json")); values["leader"] == values["member_id"] {
			return h
		}
	}
	c.t.Fatal("nobody leads")
	return nil
}

func (c *cluster) defragLog(h *host.Host) string {
	c.t.Helper()
	return c.exec(h, "journalctl", "-q", "-o", "cat", "-u", "etcdbake-defrag.service")
}

// freeSpace leaves every member with a file that is mostly free; a member finds that out a moment after the compaction.
func (c *cluster) freeSpace() {
	c.t.Helper()
	c.exec(c.hosts[0], "sh", "-c", fill)
	for _, h := range c.hosts {
		c.eventually(func() error {
			c.etcdctl(h, "put", "a", "write") // a member counts its free pages when it writes
			values := fields(c.etcdctl(h, "endpoint", "status", "-w", "json"))
			if used, err := strconv.Atoi(values["dbSizeInUse"]); err != nil || used > 5_000_000 {
				return fmt.Errorf("%s uses %s bytes: %v", h.Name, values["dbSizeInUse"], err)
			}
			return nil
		})
	}
}

// fields are the numbers of etcdctl's JSON for one endpoint.
func fields(status string) map[string]string {
	values := map[string]string{}
	for _, field := range regexp.MustCompile(`"(\w+)":(\d+)`).FindAllStringSubmatch(status, -1) {
		values[field[1]] = field[2]
	}
	return values
}

func defragments(c *cluster) {
	c.freeSpace()
	before := make([]int, len(c.hosts))
	for i, h := range c.hosts {
		before[i] = c.databaseSize(h)
	}
	leader := c.leader()
	// As the timer does, on all at the same time.
	c.each(c.hosts, func(h *host.Host) error {
		_, err := h.Exec(c.ctx, "systemctl", "start", "etcdbake-defrag.service")
		return err
	})
	for i, h := range c.hosts {
		after := c.databaseSize(h)
		c.t.Logf("%s: %d bytes before, %d after", h.Name, before[i], after)
		if before[i] < 12_000_000 || after > 5_000_000 {
			c.t.Errorf("%s has a database of %d bytes, and before %d", h.Name, after, before[i])
		}
		if h != leader && strings.Contains(c.defragLog(h), "defragmented") {
			c.t.Errorf("%s did not lead, and acted:\n%s", h.Name, c.defragLog(h))
		}
	}
	log := c.defragLog(leader)
	own, handed := strings.Index(log, "defragmented https://127.0.0.1:2379"), strings.Index(log, "handed the lead over")
	if strings.Count(log, "defragmented") != 3 || handed < 0 || own < strings.LastIndex(log[:max(own, 0)], "defragmented https://10.") || own < handed {
		c.t.Errorf("%s did not defragment the others, hand over, and then itself:\n%s", leader.Name, log)
	}
	if now := c.leader(); now == leader {
		c.t.Errorf("%s still leads", now.Name)
	}
	c.verify()
	// Below the threshold: nothing to do.
	c.exec(c.leader(), "systemctl", "start", "etcdbake-defrag.service")
	if log := c.defragLog(c.leader()); strings.Contains(log, "defragmented") {
		c.t.Errorf("it was not worth it:\n%s", log)
	}
}

func defragmentsNothing(c *cluster) {
	c.freeSpace()
	leader := c.leader()
	down := c.hosts[0]
	if down == leader {
		down = c.hosts[1]
	}
	c.exec(down, "systemctl", "stop", "etcd.service")
	before := c.databaseSize(leader)
	if _, err := leader.Exec(c.ctx, "systemctl", "start", "etcdbake-defrag.service"); err == nil {
		c.t.Error("the unit did not fail")
	}
	const why = "not all members are healthy, so none is defragmented"
	if log := c.defragLog(leader); !strings.Contains(log, why) || c.databaseSize(leader) < before {
		c.t.Errorf("%d bytes, and before %d; the journal does not say %q:\n%s", c.databaseSize(leader), before, why, log)
	}
	c.exec(leader, "systemctl", "reset-failed", "etcdbake-defrag.service")
	c.exec(down, "systemctl", "start", "etcd.service")
	c.verify()
}

func (c *cluster) backups(h *host.Host) []string {
	c.t.Helper()
	return strings.Fields(c.exec(h, "find", "/var/backups/etcd", "-type", "f", "-printf", "%p %m %u:%g\n"))
}

// judge has the backup script's own function tell whole snapshots from damaged ones.
const judge = `eval "$(sed -n '/^whole()/,/^}/p' /etc/etcdbake/backup)"
whole "$1" || exit 1
cp "$1" /tmp/damaged
printf X | dd of=/tmp/damaged bs=1 seek=9000 conv=notrunc 2>/dev/null
! whole /tmp/damaged || exit 2
head -c 20000 "$1" >/tmp/damaged
! whole /tmp/damaged || exit 3
: >/tmp/damaged
! whole /tmp/damaged || exit 4`

func backsUp(c *cluster) {
	h := c.hosts[1]
	c.exec(h, "systemctl", "stop", "etcdbake-backup.timer")
	for range 3 {
		c.exec(h, "systemctl", "start", "etcdbake-backup.service")
		time.Sleep(time.Second) // their names have seconds
	}
	kept := c.backups(h)
	if len(kept) != 2*3 || kept[1] != "600" || kept[2] != "etcd:etcd" {
		c.t.Fatalf("kept: %v", kept)
	}
	if folder := c.exec(h, "stat", "-c", "%a %U:%G", "/var/backups/etcd"); folder != "700 etcd:etcd" {
		c.t.Errorf("/var/backups/etcd is %s", folder)
	}
	c.exec(h, "sh", "-c", judge, "judge", kept[0])
	shipped := c.exec(h, "cat", "/var/cache/etcdbake-backup/shipped")
	for _, path := range []string{kept[0], kept[3]} {
		if !strings.Contains(shipped, path) {
			c.t.Errorf("%s was not shipped:\n%s", path, shipped)
		}
	}
	c.exec(h, "touch", "/run/ship-fails")
	_, err := h.Exec(c.ctx, "systemctl", "start", "etcdbake-backup.service")
	log := c.exec(h, "journalctl", "-q", "-o", "cat", "-u", "etcdbake-backup.service")
	if err == nil || !strings.Contains(log, "/usr/local/bin/ship did not ship /var/backups/etcd/e2e-") {
		c.t.Errorf("%v:\n%s", err, log)
	}
	c.exec(h, "rm", "/run/ship-fails")
	c.exec(h, "systemctl", "start", "etcdbake-backup.service")
}

func restores(c *cluster) {
	h := c.hosts[1]
	newest := c.exec(h, "sh", "-c", "ls /var/backups/etcd/*.db | tail -n 1")
	content, err := os.ReadFile(filepath.Join(h.Root(), newest))
	if err != nil {
		c.t.Fatal(err)
	}
	c.etcdctl(h, "put", "after", "backup")
	if _, err := h.Exec(c.ctx, "sh", "/etc/etcdbake/restore", newest); err == nil || !strings.Contains(err.Error(), "etcd runs here: stop it") {
		c.t.Errorf("restore beside a running etcd: %v", err)
	}
	for _, h := range c.hosts {
		c.exec(h, "systemctl", "stop", "etcdbake-backup.timer", "etcd.service")
	}
	c.exec(c.hosts[0], "sh", "-c", "rm -rf /var/lib/etcd/member") // lost, besides
	for _, h := range c.hosts {
		if err := os.WriteFile(filepath.Join(h.Root(), "root/backup.db"), content, 0o600); err != nil {
			c.t.Fatal(err)
		}
		c.exec(h, "sh", "/etc/etcdbake/restore", "/root/backup.db")
	}
	for _, h := range c.hosts {
		c.exec(h, "systemctl", "start", "--no-block", "etcd.service")
	}
	c.verify()
	if got := c.etcdctl(h, "get", "before"); got != "before\nbackup" {
		c.t.Errorf("the key from before the backup: %q", got)
	}
	if got := c.etcdctl(h, "get", "after"); got != "" {
		c.t.Errorf("the key from after the backup: %q", got)
	}
	if old := c.exec(c.hosts[2], "sh", "-c", "ls -d /var/lib/etcd/before-restore-*/snap/db"); old == "" {
		c.t.Error("the data from before are gone")
	}
}

// eventually waits until try succeeds.
func (c *cluster) eventually(try func() error) {
	c.t.Helper()
	if err := host.Eventually(c.ctx, try); err != nil {
		c.t.Fatal(err)
	}
}

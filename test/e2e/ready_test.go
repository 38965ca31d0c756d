//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// appUnit is another's service that must run only while this host is a healthy member, as docs/first-boot.md has it.
const appUnit = `[Unit]
BindsTo=etcd-ready.service
After=etcd-ready.service
[Service]
ExecStart=/bin/sleep infinity
[Install]
WantedBy=etcd-ready.service
`

func TestReadyIsActiveOnlyWhileTheMemberIsHealthy(t *testing.T) {
	t.Parallel()
	c := newClusterWith(t, "ready: {signal: console}\n", goodMirror)
	first, others := c.hosts[0], c.hosts[1:]
	c.installUnit(first, "app.service", appUnit)
	const alone, all = "master1 waits for a quorum of e2e: 1 of 3 members are up", "master1 is a healthy member of e2e: 3 of 3 members are up"

	c.boot(first)
	c.untilSaid(first, alone, 1)
	c.isActive(first, "etcd-ready.service", "activating")
	c.isActive(first, "app.service", "inactive")
	c.exec(first, "cloud-init", "status", "--wait") // the boot does not wait for others
	c.boot(others...)
	c.untilActive(first, "app.service")
	c.untilSaid(first, all, 1)
	c.verify()
	for _, h := range c.hosts {
		c.untilActive(h, "etcd-ready.service")
		isHardened(c, h, "etcd-ready.service")
		noUnitFailed(c, h)
	}
	unitsAreClean(c, first)
	hostIsAsPlanned(c, first)

	t.Run("the quorum is lost and comes back", func(t *testing.T) {
		c := c.in(t)
		began := time.Now()
		c.each(others, (*host.Host).PowerCut)
		c.untilSaid(first, alone, 2)
		c.untilInactive(first, "etcd-ready.service")
		t.Logf("no quorum: told after %v", time.Since(began).Round(100*time.Millisecond))
		c.isActive(first, "app.service", "inactive")
		c.boot(others...)
		c.untilActive(first, "app.service")
		c.untilSaid(first, all, 2)
	})
	t.Run("etcd is killed and comes back", func(t *testing.T) {
		c := c.in(t)
		c.exec(first, "systemctl", "kill", "--kill-who=main", "--signal=KILL", "etcd.service")
		c.untilInactive(first, "etcd-ready.service")
		c.isActive(first, "app.service", "inactive")
		c.untilActive(first, "app.service")
		c.isActive(first, "etcd-ready.service", "active")
	})
}

func TestAHostThatCanNeverBeAMemberIsAnErrorOfCloudInit(t *testing.T) {
	t.Parallel()
	c := newCluster(t, goodMirror)
	const env, wrong = "ARCH=\"amd64\"", "ARCH=\"riscv64\""
	const why = "etcdbake: this is an amd64 host, but cluster.yaml says riscv64: set its arch, generate again"
	userData := bytes.ReplaceAll(bytes.ReplaceAll(c.hosts[0].UserData, []byte("ARCH=\"arm64\""), []byte(wrong)), []byte(env), []byte(wrong))
	h := c.add("wrong", "10.140.0.9", userData)
	c.boot(h)
	if out, err := h.Exec(c.ctx, "cloud-init", "status", "--wait", "--long"); err == nil || !strings.Contains(out, "status: error") {
		t.Errorf("cloud-init reports no error:\n%s", out)
	}
	for _, log := range []string{"/var/log/cloud-init-output.log", h.Console} {
		path := log
		if log != h.Console {
			path = filepath.Join(h.Root(), log)
		}
		if content, err := os.ReadFile(path); err != nil || !strings.Contains(string(content), why) {
			t.Errorf("%s does not say why: %v", log, err)
		}
	}
}

// installUnit puts a unit on a host that is switched off, and enables it.
func (c *cluster) installUnit(h *host.Host, name, content string) {
	c.t.Helper()
	dir := filepath.Join(h.Root(), "etc/systemd/system")
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		c.t.Fatal(err)
	}
	_, by, _ := strings.Cut(content, "WantedBy=")
	wants := filepath.Join(dir, strings.TrimSpace(by)+".wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Symlink("../"+name, filepath.Join(wants, name)); err != nil {
		c.t.Fatal(err)
	}
}

// untilSaid waits until the host's console has a text so many times.
func (c *cluster) untilSaid(h *host.Host, text string, times int) {
	c.t.Helper()
	c.eventually(func() error {
		console, err := os.ReadFile(h.Console)
		if got := strings.Count(string(console), "etcdbake: "+text); err == nil && got < times {
			err = fmt.Errorf("the console of %s has %d times %q, want %d", h.Name, got, text, times)
		}
		return err
	})
}

// isActive wants a unit's ActiveState to be so.
func (c *cluster) isActive(h *host.Host, unit, want string) {
	c.t.Helper()
	if got := c.show(h, unit, "ActiveState"); got != want {
		c.t.Errorf("%s on %s is %s, want %s", unit, h.Name, got, want)
	}
}

func (c *cluster) untilActive(h *host.Host, unit string) { c.untilState(h, unit, true) }

func (c *cluster) untilInactive(h *host.Host, unit string) { c.untilState(h, unit, false) }

func (c *cluster) untilState(h *host.Host, unit string, active bool) {
	c.t.Helper()
	c.eventually(func() error {
		state, err := h.Exec(c.ctx, "systemctl", "show", "--value", "-p", "ActiveState", unit)
		if state = strings.TrimSpace(state); err == nil && (state == "active") != active {
			err = fmt.Errorf("%s on %s is %s", unit, h.Name, state)
		}
		return err
	})
}

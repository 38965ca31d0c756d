//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// gateway is the bridge's address in every lab: the labs do not see each other.
const gateway = "10.140.0.1"

// addresses of master1, master2 and master3, as in the tutorial.
func addresses() []string { return []string{"10.140.0.2", "10.140.0.3", "10.140.0.4"} }

// lab is a network with a mirror and hosts, for one test. It is torn down when the test ends.
type lab struct {
	t      *testing.T
	ctx    context.Context
	net    *host.Network
	mirror *mirror
	hosts  []*host.Host
	logs   string
	// fragile hosts lose what they have not synced when their power is cut.
	fragile bool
}

// newLab gives the test five minutes, and more where hosts are to be far apart.
func newLab(t *testing.T) *lab {
	t.Helper()
	return newLabAt(t, gateway+"/24")
}

// newLabAt is newLab for another network: the bridge's address, and the prefix of all hosts.
func newLabAt(t *testing.T, bridge string) *lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute+*late)
	t.Cleanup(cancel)
	name := strings.NewReplacer("/", "-", "#", "-").Replace(t.Name())
	logs, err := filepath.Abs(cached(filepath.Join("e2e-logs", name)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(logs); err != nil {
		t.Fatal(err)
	}
	network, err := host.NewNetwork(ctx, name, netip.MustParsePrefix(bridge))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	return &lab{t: t, ctx: ctx, net: network, mirror: serveMirror(t, network), logs: logs}
}

// add installs a host with the user-data; it is switched off.
func (l *lab) add(name, address string, userData []byte) *host.Host {
	l.t.Helper()
	return l.addSystem(rootFS, name, address, userData)
}

func (l *lab) addSystem(of system, name, address string, userData []byte) *host.Host {
	l.t.Helper()
	return l.install(of, host.Config{Name: name, Address: netip.MustParseAddr(address), UserData: userData})
}

// install is addSystem for a host that is a copy of another, or has disks.
func (l *lab) install(of system, config host.Config) *host.Host {
	l.t.Helper()
	var err error
	if config.RootFS, err = of(l.ctx); err != nil {
		l.t.Fatal(err)
	}
	config.Console = filepath.Join(l.logs, config.Name+".console")
	config.Fragile = l.fragile
	h, err := l.net.New(l.ctx, config)
	if err != nil {
		l.t.Fatal(err)
	}
	l.hosts = append(l.hosts, h)
	l.t.Cleanup(func() {
		if l.t.Failed() {
			l.showLogs(h)
		}
		if err := h.Close(); err != nil {
			l.t.Errorf("removing %s: %v", config.Name, err)
		}
	})
	return h
}

// remove takes a host away, with its disk and address.
func (l *lab) remove(h *host.Host) {
	l.t.Helper()
	if err := h.Close(); err != nil {
		l.t.Fatal(err)
	}
	l.hosts = slices.DeleteFunc(l.hosts, func(other *host.Host) bool { return other == h })
}

// boot switches hosts on, all at once.
func (l *lab) boot(hosts ...*host.Host) {
	l.t.Helper()
	for _, h := range hosts {
		if err := h.Boot(l.ctx); err != nil {
			l.t.Fatal(err)
		}
	}
}

// shutdown powers hosts off, all at once.
func (l *lab) shutdown(hosts ...*host.Host) {
	l.t.Helper()
	l.each(hosts, func(h *host.Host) error { return h.Shutdown(l.ctx) })
}

// each calls do for every host, side by side.
func (l *lab) each(hosts []*host.Host, do func(*host.Host) error) {
	l.t.Helper()
	var group errgroup.Group
	for _, h := range hosts {
		group.Go(func() error { return do(h) })
	}
	if err := group.Wait(); err != nil {
		l.t.Fatal(err)
	}
}

// exec runs a command on a host and returns its output without the white space around it.
func (l *lab) exec(h *host.Host, name string, args ...string) string {
	l.t.Helper()
	out, err := h.Exec(l.ctx, name, args...)
	if err != nil {
		l.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

// untilReady waits until the host's etcd.service is active and returns how long that took from switching the host on.
func (l *lab) untilReady(h *host.Host) (time.Duration, error) {
	var at time.Duration // on the monotonic clock, which hosts share with this machine
	err := host.Eventually(l.ctx, func() error {
		out, err := h.Exec(l.ctx, "systemctl", "show", "--value", "-p", "ActiveEnterTimestampMonotonic", "etcd.service")
		if err != nil {
			return err
		}
		us, err := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
		if err != nil || us == 0 {
			return fmt.Errorf("etcd.service on %s is not active: %q, %v", h.Name, out, err)
		}
		at = time.Duration(us) * time.Microsecond
		return nil
	})
	if err != nil {
		return 0, err
	}
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		return 0, err
	}
	return (time.Since(h.Since()) - (time.Duration(now.Nano()) - at)).Round(10 * time.Millisecond), nil
}

// readyTimes waits for etcd.service on every host of the lab.
func (l *lab) readyTimes() []time.Duration {
	l.t.Helper()
	times := make([]time.Duration, len(l.hosts))
	var group errgroup.Group
	for i, h := range l.hosts {
		group.Go(func() (err error) {
			times[i], err = l.untilReady(h)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		l.t.Fatal(err)
	}
	return times
}

// showLogs keeps the host's journal beside its console and prints the end of both.
func (l *lab) showLogs(h *host.Host) {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	journal, err := h.Exec(ctx, "journalctl", "-b", "--no-pager", "-o", "short-monotonic")
	if err != nil {
		journal += err.Error()
	}
	if err := os.WriteFile(filepath.Join(l.logs, h.Name+".journal"), []byte(journal), 0o644); err != nil {
		l.t.Log(err)
	}
	console, err := os.ReadFile(h.Console)
	if err != nil {
		l.t.Log(err)
	}
	l.t.Logf("%s: all of it is in %s\n--- console\n%s\n--- journal\n%s", h.Name, l.logs, tail(string(console), 25), tail(journal, 25))
}

// tail returns the last n lines.
func tail(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

//go:build e2e

package e2e

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

var late = flag.Duration("late", 20*time.Second, "how long after the first host the second is switched on, where they are apart")

func TestMirrorsThatFailOnlyDelay(t *testing.T) {
	t.Parallel()
	c := newCluster(t, missingMirror, wrongMirror, brokenMirror)
	c.boot(c.hosts...)
	c.verify()
	for _, address := range addresses() {
		var got []request
		for _, r := range c.mirror.log() {
			if r.host == address {
				got = append(got, r)
			}
		}
		want := []request{
			{address, missingMirror, http.StatusNotFound},
			{address, wrongMirror, http.StatusOK},
			{address, brokenMirror, http.StatusOK}, // half of it
			{address, missingMirror, http.StatusNotFound},
			{address, wrongMirror, http.StatusOK},
			{address, brokenMirror, http.StatusPartialContent},
		}
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(request{})); diff != "" {
			t.Errorf("requests of %s (-want +got):\n%s", address, diff)
		}
	}
}

func TestAMemberThatBootsLateIsWaitedForWithoutAFailure(t *testing.T) {
	t.Parallel()
	c := newCluster(t, goodMirror)
	first, second, third := c.hosts[0], c.hosts[1], c.hosts[2]
	c.boot(first)
	time.Sleep(time.Until(first.Since().Add(*late)))
	if state := c.show(first, "etcd.service", "ActiveState"); state != "activating" {
		t.Errorf("etcd.service alone is %s, want activating", state)
	}
	// Hosts may be further apart than the test.
	if timeout := c.show(first, "etcd.service", "TimeoutStartUSec"); timeout != "infinity" {
		t.Errorf("systemd waits %s for etcd to be ready, want infinity", timeout)
	}
	if restarts := c.show(first, "etcd.service", "NRestarts"); restarts != "0" {
		t.Errorf("etcd.service was restarted %s times", restarts)
	}
	noUnitFailed(c, first)
	// The boot is over, though etcd is not ready.
	c.exec(first, "sh", "-c", "cloud-init status | grep -x 'status: done'")
	if state := c.show(first, "multi-user.target", "ActiveState"); state != "active" {
		t.Errorf("multi-user.target is %s: the boot waits for etcd", state)
	}
	c.boot(second)
	for _, h := range []*host.Host{first, second} {
		c.untilActive(h, "etcd.service")
	}
	t.Logf("a quorum %v after the first power-on", time.Since(first.Since()).Round(time.Second))
	time.Sleep(*late / 4)
	c.boot(third)
	c.verify()
	t.Logf("all are healthy %v after the third power-on", time.Since(third.Since()).Round(100*time.Millisecond))
	for _, h := range c.hosts {
		noUnitFailed(c, h)
		c.exec(h, "cloud-init", "status", "--wait")
		t.Logf("%s: %s", h.Name, c.exec(h, "sh", "-c", "systemd-analyze time 2>/dev/null | head -n 1"))
	}
	if restarts := c.restarts(); !slices.Equal(restarts, []string{"0", "0", "0"}) {
		t.Errorf("etcd.service was restarted: %v", restarts)
	}
}

// instant waits for a moment in a host's first boot.
type instant struct {
	name string
	wait func(context.Context, *host.Host) error
}

func after(d time.Duration) instant {
	return instant{fmt.Sprintf("%v after power-on", d), func(_ context.Context, h *host.Host) error {
		time.Sleep(time.Until(h.Since().Add(d)))
		return nil
	}}
}

// existence is the moment when the first of some paths is there on the host's disk. What is there only for a moment needs
// a second path, of what comes after it.
func existence(paths ...string) instant {
	return instant{"when " + paths[0] + " is there", func(ctx context.Context, h *host.Host) error {
		return untilThere(ctx, h, paths)
	}}
}

// noted is the moment when cloud-init has made its note of having run a module, which it does before it runs it.
func noted(module string) instant {
	return instant{"while cloud-init runs " + module, func(ctx context.Context, h *host.Host) error {
		return untilThere(ctx, h, []string{"/var/lib/cloud/instances/i-" + h.Name + "/sem/config_" + module})
	}}
}

func untilThere(ctx context.Context, h *host.Host, paths []string) error {
	for ; ctx.Err() == nil; time.Sleep(200 * time.Microsecond) {
		for _, path := range paths {
			if _, err := os.Lstat(filepath.Join(h.Root(), path)); err == nil {
				return nil
			}
		}
	}
	return context.Cause(ctx)
}

func TestAPowerCutInFirstBootIsHarmless(t *testing.T) {
	t.Parallel()
	c := newCluster(t, stalledMirror)
	arrived := map[string]chan struct{}{}
	for _, address := range addresses() {
		arrived[address] = make(chan struct{}, 1)
	}
	go func() {
		for {
			select {
			case address := <-c.mirror.halfway:
				arrived[address] <- struct{}{}
			case <-c.ctx.Done():
				return
			}
		}
	}()
	halfDownloaded := instant{"in the middle of the download", func(ctx context.Context, h *host.Host) error {
		select {
		case <-arrived[h.Address.String()]:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}}
	plans := [][]instant{
		{after(300 * time.Millisecond), noted("write_files"), halfDownloaded, existence("/var/lib/etcdbake/done")},
		{existence("/etc/etcd/ssl"), noted("runcmd"), halfDownloaded, existence("/usr/local/bin/.etcd.new", "/usr/local/bin/etcd")},
		{noted("scripts_user"), halfDownloaded, existence("/var/lib/etcd/member"), after(time.Second)},
	}
	cuts := map[string][]instant{}
	for i, h := range c.hosts {
		cuts[h.Name] = plans[i]
	}
	c.each(c.hosts, func(h *host.Host) error {
		for _, moment := range cuts[h.Name] {
			if err := h.Boot(c.ctx); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.ctx, 2*time.Minute)
			err := moment.wait(ctx, h)
			cancel()
			if err != nil {
				return fmt.Errorf("%s: waiting to cut the power %s: %w", h.Name, moment.name, err)
			}
			t.Logf("%s: power cut %s, %v after power-on", h.Name, moment.name, time.Since(h.Since()).Round(time.Millisecond))
			if err := h.PowerCut(); err != nil {
				return err
			}
		}
		return nil
	})
	c.boot(c.hosts...)
	c.verify()
	for _, h := range c.hosts {
		c.exec(h, "cloud-init", "status", "--wait")
		noUnitFailed(c, h)
		filesAreOwned(c, h)
		keysAreSecret(c, h)
	}
	resumed := slices.ContainsFunc(c.mirror.log(), func(r request) bool { return r.status == http.StatusPartialContent })
	if !resumed {
		t.Error("no download was continued where the power cut ended it")
	}
}

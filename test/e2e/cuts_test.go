//go:build e2e

package e2e

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

var (
	cuts    = flag.Int("cuts", 5, "how many first boots are cut off once by a power failure; a fifth as many are in each other way")
	cutSeed = flag.Uint64("cut-seed", 0, "seed of the instants; 0 for another one in every run")
)

// cutWay is a way in which power fails.
type cutWay struct {
	name  string
	hosts int // that fail at the same instant; the others have been up before, where they are a majority
	times int // how often it fails, each time in another boot
}

// TestPowerCutsAtRandomInstantsAreHarmless cuts hosts' power somewhere between power-on and the moment when an uncut host was
// healthy, and boots them again. What was not synced is lost, as with a real one.
func TestPowerCutsAtRandomInstantsAreHarmless(t *testing.T) {
	seed := *cutSeed
	if seed == 0 {
		seed = uint64(time.Now().UnixNano())
	}
	t.Logf("seed: -cut-seed %d", seed)
	var span time.Duration
	var want identities
	t.Run("uncut", func(t *testing.T) {
		span, want = newFragileCluster(t).surviveCuts(1, nil, identities{})
		t.Logf("from power-on to a healthy member: %v", span)
	})
	if span == 0 {
		t.FailNow()
	}
	var survived, all atomic.Int64
	t.Run("cut", func(t *testing.T) {
		for _, way := range []struct {
			cutWay
			rounds int
		}{
			{cutWay{"one host", 1, 1}, *cuts},
			{cutWay{"two hosts at once", 2, 1}, (*cuts + 4) / 5},
			{cutWay{"one host three times", 1, 3}, (*cuts + 4) / 5},
		} {
			for round := range way.rounds {
				t.Run(way.name, func(t *testing.T) {
					t.Parallel()
					all.Add(1)
					random := rand.New(rand.NewPCG(seed, uint64(len(way.name)*1000+round)))
					var instants []time.Duration
					for range way.times {
						instants = append(instants, time.Duration(random.Int64N(int64(span))))
					}
					took, _ := newFragileCluster(t).surviveCuts(way.hosts, instants, want)
					t.Logf("cut after %v; healthy %v after the last power-on", instants, took)
					survived.Add(1)
				})
			}
		}
	})
	t.Logf("%d of %d survived (%d with one host cut once); an uncut boot takes %v; seed %d", survived.Load(), all.Load(), *cuts, span, seed)
}

func newFragileCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{lab: newLab(t), dir: t.TempDir()}
	c.fragile = true
	c.addMembers([]system{rootFS}, "", goodMirror)
	return c
}

// surviveCuts boots the first hosts of the cluster, cuts their power so long after each power-on, and boots them once more. It
// returns how long the last boot took until all were healthy, and who the members are: want, where that is given.
func (c *cluster) surviveCuts(failing int, instants []time.Duration, want identities) (time.Duration, identities) {
	c.t.Helper()
	cut, others := c.hosts[:failing], c.hosts[failing:]
	c.boot(others...)
	writer := c.writeKeys()
	if len(others) > 1 {
		c.eventually(func() error { return writer.hasWritten(3) })
	}
	for _, instant := range instants {
		c.boot(cut...)
		time.Sleep(time.Until(cut[0].Since().Add(instant)))
		c.each(cut, (*host.Host).PowerCut)
	}
	c.boot(cut...)
	since := cut[0].Since()
	for _, h := range c.hosts {
		c.eventually(func() error { return c.healthy(h) })
	}
	took := time.Since(since).Round(10 * time.Millisecond)
	c.verify()
	c.eventually(func() error { return writer.hasWritten(5) })
	writer.stop()
	for _, h := range c.hosts {
		if lost := writer.lost(h); len(lost) > 0 {
			c.t.Errorf("%s has lost %d of %d keys: %v", h.Name, len(lost), len(writer.written), lost)
		}
	}
	for _, h := range cut {
		// What else cloud-init sets up it may leave half done: it does that once.
		if out, err := h.Exec(c.ctx, "cloud-init", "status", "--wait", "--long"); err != nil {
			c.t.Logf("%s is a healthy member, but cloud-init has something against it: %s", h.Name, out)
		}
		for _, unit := range []string{"etcd.service", "etcdbake-first-boot.service"} {
			if state := c.show(h, unit, "ActiveState"); state == "failed" {
				c.t.Errorf("%s on %s has failed", unit, h.Name)
			}
		}
		keysAreSecret(c, h)
	}
	got := c.identities()
	if want.Members != nil {
		if diff := cmp.Diff(want, got); diff != "" {
			c.t.Errorf("not the members of an uncut cluster (-want +got):\n%s", diff)
		}
	}
	if restarts := slices.Compact(c.restarts()); !slices.Equal(restarts, []string{"0"}) {
		c.t.Errorf("etcd was restarted: %v", c.restarts())
	}
	return took, got
}

// restarts returns how often systemd has started etcd again, by host.
func (c *cluster) restarts() []string {
	c.t.Helper()
	var all []string
	for _, h := range c.hosts {
		all = append(all, c.show(h, "etcd.service", "NRestarts"))
	}
	return all
}

// healthy is an error while a host's member is not, in the eyes of etcdctl beside the hosts.
func (c *cluster) healthy(h *host.Host) error {
	if out, err := c.ask(h, "endpoint", "health"); err != nil {
		return fmt.Errorf("%s is not healthy: %w\n%s", h.Name, err, out)
	}
	return nil
}

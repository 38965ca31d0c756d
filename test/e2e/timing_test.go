//go:build e2e

package e2e

import (
	"slices"
	"testing"
	"time"
)

// TestBootIsTimedBesideTheTutorial prints figures, for whoever reads the log; it judges nothing. It runs before the tests
// that run side by side.
func TestBootIsTimedBesideTheTutorial(t *testing.T) {
	const rounds = 3
	var ours, tutorials []time.Duration
	for range rounds {
		t.Run("etcdbake", func(t *testing.T) {
			c := newCluster(t, goodMirror)
			c.boot(c.hosts...)
			c.verify()
			verified := time.Since(c.hosts[0].Since()).Round(10 * time.Millisecond)
			times := c.readyTimes()
			t.Logf("from power-on to etcd ready on each host: %v; verified from outside after %v", times, verified)
			ours = append(ours, slices.Max(times))
		})
		t.Run("tutorial", func(t *testing.T) {
			l := newLab(t)
			l.addTutorial()
			l.boot(l.hosts...)
			times := l.readyTimes()
			t.Logf("from power-on to etcd ready on each host: %v", times)
			tutorials = append(tutorials, slices.Max(times))
		})
	}
	if len(ours) < rounds || len(tutorials) < rounds {
		t.Fatal("not every round was timed")
	}
	slices.Sort(ours)
	slices.Sort(tutorials)
	own, tutorial := ours[rounds/2].Seconds(), tutorials[rounds/2].Seconds()
	t.Logf("median of %d, the slowest host: etcdbake %.2f s, tutorial %.2f s, ratio %.2f", rounds, own, tutorial, own/tutorial)
}

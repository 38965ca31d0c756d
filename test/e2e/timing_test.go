//go:build e2e

package e2e

import (
	"flag"
	"slices"
	"testing"
	"time"
)

var timingRounds = flag.Int("timing-rounds", 3, "how often first boot is timed beside the tutorial's")

// TestBootIsTimedBesideTheTutorial prints figures, for whoever reads the log; it judges nothing. It runs before the tests
// that run side by side.
func TestBootIsTimedBesideTheTutorial(t *testing.T) {
	rounds := *timingRounds
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
	var ratios []float64
	for i := range rounds {
		ratios = append(ratios, ours[i].Seconds()/tutorials[i].Seconds())
	}
	slices.Sort(ratios)
	slices.Sort(ours)
	slices.Sort(tutorials)
	t.Logf("median of %d, the slowest host: etcdbake %.2f s, tutorial %.2f s; ratio of two boots in a row %.2f (%.2f to %.2f)",
		rounds, ours[rounds/2].Seconds(), tutorials[rounds/2].Seconds(), ratios[rounds/2], ratios[0], ratios[rounds-1])
}

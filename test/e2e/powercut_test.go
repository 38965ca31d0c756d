//go:build e2e

package e2e

import (
	"testing"
	"time"
)

// TestPowerCutsRightAfterPowerOn keeps the lab itself honest: a host is off after a power cut, even where it had no process in its
// cgroup yet. Else a test would wait for a host that lives on.
func TestPowerCutsRightAfterPowerOn(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := l.add("master1", addresses()[0], nil)
	const cuts = 40
	for cut := range cuts {
		l.boot(h)
		after := time.Duration(cut*cut) * time.Millisecond / 4 // from once before nspawn runs to the middle of systemd's start
		time.Sleep(after)
		if err := h.PowerCut(); err != nil {
			t.Fatalf("%v after power-on: %v", after, err)
		}
	}
}

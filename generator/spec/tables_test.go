package spec

import (
	"slices"
	"strings"
	"testing"
)

func TestTheFlagTableIsWhole(t *testing.T) {
	kinds := []string{"string", "bool", "int", "uint", "duration", "other", "gate"}
	for name, f := range allFlags() {
		if !slices.Contains(kinds, f.kind) || len(f.minors) == 0 || !slices.IsSorted(f.minors) {
			t.Errorf("%s: %+v", name, f)
		}
		for _, minor := range f.minors {
			if !slices.Contains(minors(), minor) {
				t.Errorf("%s: unknown minor %s", name, minor)
			}
		}
	}
	for _, minor := range minors() {
		if n := len(flagNames(minor, false)); n < 90 {
			t.Errorf("etcd %s has %d flags only", minor, n)
		}
	}
}

func TestOwnedFlagsAndReplacementsAreRealFlags(t *testing.T) {
	for name := range ownedFlags {
		if _, ok := allFlags()[name]; !ok {
			t.Errorf("no etcd has %q", name)
		}
	}
	for name, gate := range gateOf {
		if allFlags()[name].kind != "bool" || allFlags()[gate].kind != "gate" {
			t.Errorf("%s → %s", name, gate)
		}
	}
}

func TestTheReleaseTableIsSortedAndItsDefaultIsConfirmed(t *testing.T) {
	for _, arch := range []string{"amd64", "arm64"} {
		r, ok := findRelease(defaults().Etcd.Version, arch)
		if !ok || !r.confirmed || len(r.sha256) != 64 {
			t.Errorf("default on %s: %+v %t", arch, r, ok)
		}
	}
	if got := newestRelease("3.6", []string{"amd64", "arm64"}); got != "3.6.14" {
		t.Errorf("newest 3.6: %q", got)
	}
	if got := newestRelease("3.7", []string{"amd64", "arm64"}); got != "3.7.1" {
		t.Errorf("newest 3.7 for both: %q", got)
	}
	for line := range strings.Lines(releases) {
		if f := strings.Fields(line); f[0] != "#" && (len(f) != 4 || len(f[2]) != 64) {
			t.Errorf("line %q", line)
		}
	}
}

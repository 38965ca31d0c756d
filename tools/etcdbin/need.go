package etcdbin

import "testing"

// Need returns the binaries of one etcd version, or fails the test. The first call on a machine takes about half a minute.
func Need(t testing.TB, version string) Binaries {
	t.Helper()
	binaries, err := Build(t.Context(), version)
	if err != nil {
		t.Fatal(err)
	}
	return binaries
}

// NeedSkewed returns an etcd of the version whose clock is off by $ETCDBIN_SKEW seconds, or fails the test. The first call on a
// machine takes about a minute.
func NeedSkewed(t testing.TB, version string) string {
	t.Helper()
	etcd, err := buildSkewed(t.Context(), version)
	if err != nil {
		t.Fatal(err)
	}
	return etcd
}

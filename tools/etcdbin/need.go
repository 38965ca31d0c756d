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

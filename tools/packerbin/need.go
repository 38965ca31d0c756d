package packerbin

import "testing"

// Need returns the path of one version of Packer, or fails the test. The first call on a machine takes about a minute.
func Need(t testing.TB, version string) string {
	t.Helper()
	path, err := Packer(t.Context(), version)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

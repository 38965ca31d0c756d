// Package goldenfile compares what a test makes with a committed file, and writes that file anew where go test is given -update.
// It is for tests alone; golden images are another matter.
package goldenfile

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew instead of comparing with them")

const hint = "go test -update in the test's folder, or make goldens, writes it anew"

// Updating tells whether golden files are to be written anew, for tests whose comparison is a library's.
func Updating() bool { return *update }

// Compare fails the test, with the difference, unless the file at path, seen from the test's package, is there and contains got.
// With -update it writes got into the file instead, and makes the folders above it.
func Compare(t testing.TB, path string, got []byte) {
	t.Helper()
	if Updating() {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, got, 0o644)); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Errorf("%v\n"+hint, err)
		return
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-want +got):\n%s"+hint, path, diff)
	}
}

package goldenfile

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// recorder keeps what a test that fails would say.
type recorder struct {
	testing.TB
	said string
}

func (r *recorder) Errorf(format string, args ...any) { r.said += fmt.Sprintf(format, args...) }

// compare returns what Compare says, with -update or without.
func compare(t *testing.T, updating bool, path, got string) string {
	t.Helper()
	defer func(before bool) { *update = before }(*update)
	*update = updating
	r := &recorder{TB: t}
	Compare(r, path, []byte(got))
	return r.said
}

func TestWhatIsNotInTheFileFailsAndIsWrittenOnDemand(t *testing.T) {
	path := filepath.Join(t.TempDir(), "testdata", "golden")
	if said := compare(t, false, path, "a\nb\n"); !mentions(said, path, "-update") {
		t.Errorf("a missing file: %q", said)
	}
	if said := compare(t, true, path, "a\nb\n"); said != "" {
		t.Errorf("-update: %q", said)
	}
	if said := compare(t, false, path, "a\nb\n"); said != "" {
		t.Errorf("the same content: %q", said)
	}
	if said := compare(t, false, path, "a\nc\n"); !mentions(said, path, "b", "c", "-update") {
		t.Errorf("another content: %q", said)
	}
	if content, err := os.ReadFile(path); err != nil || string(content) != "a\nb\n" {
		t.Errorf("the file holds %q, %v: only -update writes", content, err)
	}
}

// mentions tells whether text contains all the words.
func mentions(text string, words ...string) bool {
	for _, word := range words {
		if !strings.Contains(text, word) {
			return false
		}
	}
	return true
}

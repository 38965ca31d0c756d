package templates

import (
	"io/fs"
	"os/exec"
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLeanTextKeepsWhatHasAMeaning(t *testing.T) {
	const source = `#!/bin/sh
# Where it comes from.
#
# What it is for.
set -eu # at the end of a line
	# within
# shellcheck source=/dev/null
. "$1"
cat <<'PYTHON'
# the document's own
PYTHON
  # after it
echo "# not one" $((1 << 3))
# last
`
	const want = `#!/bin/sh
# Where it comes from.
set -eu # at the end of a line
# shellcheck source=/dev/null
. "$1"
cat <<'PYTHON'
# the document's own
PYTHON
echo "# not one" $((1 << 3))
`
	if diff := cmp.Diff(want, string(withoutComments([]byte(source)))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	const unit = "[Unit]\n# why\nDescription=x\n"
	if got := string(withoutComments([]byte(unit))); got != "[Unit]\nDescription=x\n" {
		t.Errorf("of a unit: %q", got)
	}
}

// A shell prints a function as it has understood it: the same with the comments as without.
func TestEveryLeanScriptMeansTheSame(t *testing.T) {
	understood := func(script []byte) string {
		out, err := exec.Command("bash", "-c", "f() {\n"+string(script)+"\n}\ndeclare -f f").CombinedOutput()
		if err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		return string(out)
	}
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("no bash here")
	}
	for _, name := range names(t, ".sh") {
		source, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(understood(source), understood(withoutComments(source))); diff != "" {
			t.Errorf("%s (-source +lean):\n%s", name, diff)
		}
	}
}

func TestEveryLeanUnitHasTheSameSettings(t *testing.T) {
	settings := func(unit []byte) (lines []string) {
		for line := range strings.Lines(string(unit)) {
			if !strings.HasPrefix(line, "#") {
				lines = append(lines, line)
			}
		}
		return lines
	}
	for _, name := range names(t, ".service") {
		source, err := files.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		lean := withoutComments(source)
		if !strings.HasPrefix(string(lean), "# Written by etcdbake.") {
			t.Errorf("%s does not say where it comes from", name)
		}
		if diff := cmp.Diff(settings(source), settings(lean)); diff != "" {
			t.Errorf("%s (-source +lean):\n%s", name, diff)
		}
	}
}

// names returns the templates with an extension.
func names(t *testing.T, ext string) (found []string) {
	t.Helper()
	err := fs.WalkDir(files, "files", func(name string, _ fs.DirEntry, err error) error {
		if path.Ext(name) == ext {
			found = append(found, name)
		}
		return err
	})
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s: %v", ext, err)
	}
	return found
}

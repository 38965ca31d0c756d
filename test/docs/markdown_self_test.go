package docs_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestBlocksAreFoundWithTheirLanguageAndIndentation(t *testing.T) {
	got := blocks("text\n```yaml cluster.yaml\na: 1\n```\n- item\n\n  ```console\n  $ x\n    y\n  ```\n")
	want := []block{{"yaml", "cluster.yaml", 2, "a: 1\n"}, {"console", "", 7, "$ x\n  y\n"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(block{})); diff != "" {
		t.Error(diff)
	}
}

func TestStepsAreCommandsWithTheirOutput(t *testing.T) {
	got := steps("$ one\n1\n2\n$ two \\\n    --long\n$ three\n3\n")
	want := []step{{"one\n", "1\n2\n"}, {"two \\\n    --long\n", ""}, {"three\n", "3\n"}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(step{})); diff != "" {
		t.Error(diff)
	}
}

func TestShownOutputFitsWhatIsPrinted(t *testing.T) {
	for _, c := range []struct {
		name, shown, printed string
		want                 bool
	}{
		{"the same", "a b\n", "a b\n", true},
		{"other text", "a b\n", "a c\n", false},
		{"a line more", "a\n", "a\nb\n", false},
		{"a line less", "a\nb\n", "a\n", false},
		{"nothing shown, something printed", "", "a\n", false},
		{"dates, sizes and columns", "m1  9.8 KiB  2031-11-23\n──────\n", "m1 10 KiB 2032-01-01\n────\n", true},
		{"who leads, and counters", "│ m1 │ follower │    2 │     8 │\n", "│ m1 │ leader │ 3 │ 12 │\n", true},
		{"another unit", "took 3 s\n", "took 250ms\n", true},
		{"addresses are not numbers", "10.140.0.2\n", "10.140.0.3\n", false},
		{"long hexadecimal", "sha 0123456789abcdef\n", "sha fedcba9876543210\n", true},
		{"lines left out", "a\n...\nz\n", "a\nb\nc\nz\n", true},
		{"lines left out at the end", "a\n...\n", "a\nb\nc\n", true},
		{"no line to leave out", "a\n...\nz\n", "a\nz\n", true},
		{"text left out", "term ... index\n", "term 2\n", false},
		{"text left out that is there", "term ... index\n", "term 2 index\n", true},
	} {
		if got := fits(c.shown, c.printed); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

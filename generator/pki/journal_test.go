package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/durable"
)

// someFiles are what a run writes in these tests, in the order in which they are moved.
func someFiles(version string) []file {
	var files []file
	for _, name := range []string{"a.pem", "clients/app.pem", "members/master1/server.pem", "members/master1/server-key.pem"} {
		files = append(files, file{name, []byte(version + " of " + name)})
	}
	return files
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	got := map[string]string{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		got[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func wantContents(files []file) map[string]string {
	want := map[string]string{}
	for _, f := range files {
		want[f.name] = string(f.content)
	}
	return want
}

// stage leaves a folder as a run does that is killed before its commit.
func stage(t *testing.T, j journal, files []file) {
	t.Helper()
	if err := j.stage(files); err != nil {
		t.Fatal(err)
	}
}

// commit leaves a folder as a run does that is killed after its commit, when it has moved some files.
func commit(t *testing.T, j journal, files []file, moved int) {
	t.Helper()
	stage(t, j, files)
	if err := os.Rename(j.path(stagingDir), j.path(commitDir)); err != nil {
		t.Fatal(err)
	}
	for _, f := range files[:moved] {
		if err := os.MkdirAll(filepath.Dir(j.path(f.name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(j.path(commitDir, f.name), j.path(f.name)); err != nil {
			t.Fatal(err)
		}
	}
}

// Wherever a committed run is interrupted, and on top of whatever, recovery completes it.
func TestACommittedRunIsCompletedFromWhereverItWasInterrupted(t *testing.T) {
	for _, before := range []string{"nothing", "an older version"} {
		for moved := range len(someFiles("new")) + 1 {
			t.Run(fmt.Sprintf("%d files moved over %s", moved, before), func(t *testing.T) {
				j := journal{t.TempDir(), durable.Each{}}
				if before != "nothing" {
					if err := j.apply(someFiles("old")); err != nil {
						t.Fatal(err)
					}
				}
				commit(t, j, someFiles("new"), moved)
				recovered, err := j.recover()
				if err != nil {
					t.Fatal(err)
				}
				if want := len(someFiles("new")) - moved; recovered != want {
					t.Errorf("recovered %d files, want %d", recovered, want)
				}
				if diff := cmp.Diff(wantContents(someFiles("new")), contents(t, j.dir)); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}

func TestARunThatWasNotCommittedLeavesNoTrace(t *testing.T) {
	for staged := range len(someFiles("new")) + 1 {
		t.Run(fmt.Sprintf("%d files staged", staged), func(t *testing.T) {
			j := journal{t.TempDir(), durable.Each{}}
			if err := j.apply(someFiles("old")); err != nil {
				t.Fatal(err)
			}
			stage(t, j, someFiles("new")[:staged])
			if recovered, err := j.recover(); err != nil || recovered > 0 {
				t.Fatalf("recovered %d, error %v, want none", recovered, err)
			}
			if diff := cmp.Diff(wantContents(someFiles("old")), contents(t, j.dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAFailedRunLeavesNoTrace(t *testing.T) {
	j := journal{t.TempDir(), durable.Each{}}
	files := append(someFiles("new"), file{strings.Repeat("x", 300), nil})
	err := j.apply(files)
	if err == nil || !strings.HasPrefix(err.Error(), "nothing was changed in "+j.dir+": ") {
		t.Errorf("error %v, want one that says that nothing was changed", err)
	}
	entries, err := os.ReadDir(j.dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left %v, error %v", entries, err)
	}
}

// Even a journal does not replace a CA: somebody restored another one beside it.
func TestAJournalNeverReplacesACA(t *testing.T) {
	for _, name := range []string{"ca.pem", "ca-key.pem", "peer-ca.pem", "peer-ca-key.pem"} {
		t.Run(name, func(t *testing.T) {
			j := journal{t.TempDir(), durable.Each{}}
			if err := j.apply([]file{{name, []byte("the CA")}}); err != nil {
				t.Fatal(err)
			}
			commit(t, j, []file{{name, []byte("another CA")}}, 0)
			_, err := j.recover()
			want := fmt.Sprintf("%[1]s/%[2]s would be replaced by an interrupted run, and a CA never is: move it away if "+
				"%[1]s/.commit/%[2]s is the right one\n%[1]s/.commit is complete: clear this up and run again, it will be "+
				"continued; do not delete it", j.dir, name)
			if !errors.Is(err, ErrInvalid) || err.Error() != want {
				t.Errorf("error:\n%v\nwant:\n%s", err, want)
			}
			if got := contents(t, j.dir)[name]; got != "the CA" {
				t.Errorf("%s is %q", name, got)
			}
		})
	}
}

package generator

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

const threeMembers = `name: k8s-etcd
members:
  - {name: master1, address: 10.140.0.2}
  - {name: master2, address: 10.140.0.3}
  - {name: master3, address: 10.140.0.4}
`

// options are those of a run on source with the test-only PKI, in a folder of its own.
func options(t *testing.T, source string) Options {
	t.Helper()
	dir := t.TempDir()
	o := Options{
		Spec:  filepath.Join(dir, "cluster.yaml"),
		PKI:   pkitest.Dir(t),
		Out:   filepath.Join(dir, "out"),
		Clock: pkitest.Clock,
	}
	writeSpec(t, o, source)
	return o
}

func writeSpec(t *testing.T, o Options, source string) {
	t.Helper()
	if err := os.WriteFile(o.Spec, []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
}

func generate(t *testing.T, o Options) *Summary {
	t.Helper()
	summary, err := Generate(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	return summary
}

// tree returns every file below dir: path to mode, time of change and content.
func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		files[path] = info.Mode().String() + " " + info.ModTime().String() + "\n" + string(content)
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return files
}

func TestGenerateWritesUserDataThatOnlyItsOwnerReads(t *testing.T) {
	o := options(t, threeMembers)
	summary := generate(t, o)
	if len(summary.Members) != 3 || len(summary.Changes) != 0 {
		t.Fatalf("%d members, changes %v", len(summary.Members), summary.Changes)
	}
	for path, want := range map[string]fs.FileMode{
		"":                       0o755 | fs.ModeDir,
		"user-data":              0o700 | fs.ModeDir,
		"user-data/master1.yaml": 0o600,
		"user-data/master2.yaml": 0o600,
		"user-data/master3.yaml": 0o600,
		"expect.json":            0o644,
	} {
		info, err := os.Stat(filepath.Join(o.Out, path))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
	}
	for _, m := range summary.Members {
		if !m.Changed || m.Size < 1000 {
			t.Errorf("%+v", m)
		}
	}
}

func TestExpectationIsPublicAndGolden(t *testing.T) {
	o := options(t, threeMembers)
	got, err := os.ReadFile(generate(t, o).Expect)
	if err != nil {
		t.Fatal(err)
	}
	goldenfile.Compare(t, filepath.Join("testdata", "expect.json"), got)
	if bytes.Contains(got, []byte("PRIVATE KEY")) {
		t.Error("expect.json holds a key")
	}
}

func TestASecondRunTouchesNothing(t *testing.T) {
	o := options(t, threeMembers)
	generate(t, o)
	out, state := tree(t, o.Out), tree(t, o.PKI)
	summary := generate(t, o)
	if diff := cmp.Diff(out, tree(t, o.Out)); diff != "" {
		t.Errorf("out changed:\n%s", diff)
	}
	if diff := cmp.Diff(state, tree(t, o.PKI)); diff != "" {
		t.Error("pki changed") // without the difference, which would show keys
	}
	for _, m := range summary.Members {
		if m.Changed {
			t.Errorf("%s is reported as changed", m.Member)
		}
	}
}

func TestOutIsMadeAgainFromSpecAndPKI(t *testing.T) {
	o := options(t, threeMembers)
	generate(t, o)
	again := o
	again.Out = filepath.Join(t.TempDir(), "again")
	generate(t, again)
	for _, name := range []string{"user-data/master1.yaml", "user-data/master2.yaml", "user-data/master3.yaml", "expect.json"} {
		first, err := os.ReadFile(filepath.Join(o.Out, name))
		if err != nil {
			t.Fatal(err)
		}
		second, err := os.ReadFile(filepath.Join(again.Out, name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, second) {
			t.Errorf("%s differs", name)
		}
	}
}

func TestAFormerMembersUserDataGoesAndOtherFilesStay(t *testing.T) {
	o := options(t, threeMembers)
	generate(t, o)
	notes := filepath.Join(o.Out, "user-data", "notes.yaml")
	if err := os.WriteFile(notes, []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	writeSpec(t, o, strings.Replace(threeMembers, "name: master3", "name: master4", 1))
	summary := generate(t, o)
	former := filepath.Join(o.Out, "user-data", "master3.yaml")
	if diff := cmp.Diff([]Removal{{former, "not a member any more"}}, summary.Removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	if _, err := os.Stat(former); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v", former, err)
	}
	if _, err := os.Stat(notes); err != nil {
		t.Error(err)
	}
}

func TestAnExpectationOfSomebodyElseIsNotReplaced(t *testing.T) {
	o := options(t, threeMembers)
	if err := os.Mkdir(o.Out, 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(o.Out, "expect.json")
	if err := os.WriteFile(path, []byte(`{"mine": true}`), 0o644); err != nil {
		t.Fatal(err)
	}
	before := tree(t, o.Out)
	_, err := Generate(context.Background(), o)
	want := path + " is not etcdbake's, so it is not replaced: move it away or choose another --out"
	if err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
	if diff := cmp.Diff(before, tree(t, o.Out)); diff != "" {
		t.Error(diff)
	}
}

func TestWhatAKilledRunLeftIsWrittenOver(t *testing.T) {
	o := options(t, threeMembers)
	generate(t, o)
	whole := tree(t, o.Out)
	path := filepath.Join(o.Out, "user-data", "master1.yaml")
	if err := os.Rename(path, filepath.Join(filepath.Dir(path), ".master1.yaml.new")); err != nil {
		t.Fatal(err)
	}
	generate(t, o)
	if got := tree(t, o.Out); len(got) != len(whole) {
		t.Errorf("%d files, want %d", len(got), len(whole))
	}
}

func TestABadSpecWritesNothing(t *testing.T) {
	o := options(t, strings.Replace(threeMembers, "10.140.0.4", "127.0.0.1", 1))
	o.PKI = filepath.Join(t.TempDir(), "pki")
	_, err := Generate(context.Background(), o)
	var specError *spec.Error
	if !errors.As(err, &specError) {
		t.Fatalf("got %v, want a *spec.Error", err)
	}
	for _, dir := range []string{o.PKI, o.Out} {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestABrokenPKIWritesNothing(t *testing.T) {
	o := options(t, threeMembers)
	if err := os.Remove(filepath.Join(o.PKI, "members", "master2", "peer-key.pem")); err != nil {
		t.Fatal(err)
	}
	_, err := Generate(context.Background(), o)
	if !errors.Is(err, pki.ErrInvalid) {
		t.Fatalf("got %v, want pki.ErrInvalid", err)
	}
	if _, err := os.Stat(o.Out); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v", o.Out, err)
	}
}

func TestACAThatCannotBeReadLeavesNoFolder(t *testing.T) {
	o := options(t, threeMembers+"pki: {ca: {cert: none.pem, key: none-key.pem}}\n")
	o.PKI = filepath.Join(t.TempDir(), "pki")
	_, err := Generate(context.Background(), o)
	if !errors.Is(err, pki.ErrInvalid) {
		t.Fatalf("got %v, want pki.ErrInvalid", err)
	}
	for _, dir := range []string{o.PKI, o.Out} {
		if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestTheFirstExpiryCounts(t *testing.T) {
	o := options(t, threeMembers)
	if got := generate(t, o).Members[0].NotAfter; !got.After(pkitest.Clock().Add(50 * 365 * 24 * time.Hour)) {
		t.Errorf("expires %s", got)
	}
}

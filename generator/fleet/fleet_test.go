package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/fleet"
	"github.com/etcdbake/etcdbake/generator/pki"
)

const members = "\nmembers:\n  - {name: m1, address: 10.140.0.2}\n  - {name: m2, address: 10.140.0.3}\n  - {name: m3, address: 10.140.0.4}\n"

// newFleet writes specs of clusters by these names, and returns the options to generate them with.
func newFleet(t *testing.T, names ...string) fleet.Options {
	t.Helper()
	dir := t.TempDir()
	o := fleet.Options{Options: generator.Options{
		PKI: filepath.Join(dir, "pki"), Out: filepath.Join(dir, "out"), Clock: time.Now,
	}}
	for i, name := range names {
		path := filepath.Join(dir, fmt.Sprintf("%03d.yaml", i))
		if err := os.WriteFile(path, []byte("name: "+name+members), 0o600); err != nil {
			t.Fatal(err)
		}
		o.Specs = append(o.Specs, path)
	}
	return o
}

func numbered(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("c%d", i))
	}
	return names
}

func run(t *testing.T, ctx context.Context, o fleet.Options) []fleet.Result {
	t.Helper()
	results, err := fleet.Run(ctx, o)
	if err != nil {
		t.Fatal(err)
	}
	return results
}

func states(results []fleet.Result) map[fleet.State]int {
	count := map[fleet.State]int{}
	for _, r := range results {
		count[r.State]++
	}
	return count
}

func exists(elem ...string) bool {
	_, err := os.Lstat(filepath.Join(elem...))
	return err == nil
}

// Each cluster of a fleet has what it would have alone: generating it alone changes nothing.
func TestAClusterOfAFleetIsAsIfItWereAlone(t *testing.T) {
	o := newFleet(t, numbered(20)...)
	told := 0
	o.Progress = func(fleet.Result) { told++ }
	results := run(t, t.Context(), o)
	if diff := cmp.Diff(map[fleet.State]int{fleet.Written: 20}, states(results)); diff != "" {
		t.Error(diff)
	}
	if told != 20 {
		t.Errorf("progress was told %d times, want 20", told)
	}
	cas := map[string]bool{}
	for i, r := range results {
		if r.Spec != o.Specs[i] || r.Cluster != fmt.Sprintf("c%d", i) || r.Members != 3 || r.Changes != 9 {
			t.Errorf("result %d: %+v", i, r)
		}
		alone := o.Options
		alone.Spec, alone.PKI, alone.Out = r.Spec, filepath.Join(o.PKI, r.Cluster), filepath.Join(o.Out, r.Cluster)
		summary, err := generator.Generate(t.Context(), alone)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range summary.Members {
			if a.Changed {
				t.Errorf("%s was changed", a.Path)
			}
		}
		if len(summary.Changes)+len(summary.Notes)+len(summary.Removed) > 0 {
			t.Errorf("%s: %v, %v, %v, want none", r.Cluster, summary.Changes, summary.Notes, summary.Removed)
		}
		ca, err := os.ReadFile(filepath.Join(alone.PKI, "ca.pem"))
		if err != nil {
			t.Fatal(err)
		}
		cas[string(ca)] = true
	}
	if len(cas) != 20 {
		t.Errorf("%d CAs, want one for each cluster", len(cas))
	}
	if diff := cmp.Diff(map[fleet.State]int{fleet.Unchanged: 20}, states(run(t, t.Context(), o))); diff != "" {
		t.Errorf("once more: %s", diff)
	}
}

func TestAClusterThatFailsStopsNoOther(t *testing.T) {
	o := newFleet(t, "a", "b", "c", "d", "e")
	if err := os.WriteFile(o.Specs[1], []byte("name: b\nmembrs: []\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	o.Specs[3] = filepath.Join(t.TempDir(), "missing.yaml")
	if err := os.MkdirAll(filepath.Join(o.PKI, "e"), 0o755); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range run(t, t.Context(), o) {
		line := fmt.Sprintf("%s %s", r.Cluster, r.State)
		if r.Err != nil {
			var input *generator.InputError
			line += fmt.Sprintf(" input=%v invalid=%v", errors.As(r.Err, &input), errors.Is(r.Err, pki.ErrInvalid))
		}
		got = append(got, line)
	}
	want := []string{"a written", " failed input=true invalid=false", "c written", " failed input=true invalid=false",
		"e failed input=false invalid=true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if exists(o.PKI, "b") || exists(o.Out, "b") || exists(o.Out, "e") {
		t.Error("something was written for a cluster that failed")
	}
}

func TestAFleetThatWouldMixClustersIsRefused(t *testing.T) {
	for _, test := range []struct {
		name   string
		names  []string
		before func(o fleet.Options) error
		want   string
	}{
		{name: "one name twice", names: []string{"a", "b", "a", "B"},
			want: "DIR/000.yaml and DIR/002.yaml have one name: a and a: give each cluster its own\n" +
				"DIR/001.yaml and DIR/003.yaml have one name: b and B: give each cluster its own"},
		{name: "one cluster's PKI", names: []string{"a"},
			before: func(o fleet.Options) error {
				return errors.Join(os.Mkdir(o.PKI, 0o700), os.WriteFile(filepath.Join(o.PKI, "ca.pem"), nil, 0o600))
			},
			want: "DIR/pki holds the CA of one cluster, and each cluster of a fleet has a folder of its own in it: move what is in " +
				"DIR/pki to DIR/pki/NAME-OF-THAT-CLUSTER, or choose another folder"},
	} {
		t.Run(test.name, func(t *testing.T) {
			o := newFleet(t, test.names...)
			if test.before != nil {
				if err := test.before(o); err != nil {
					t.Fatal(err)
				}
			}
			_, err := fleet.Run(t.Context(), o)
			var input *generator.InputError
			if !errors.As(err, &input) {
				t.Fatalf("error %v, want one about the input", err)
			}
			if diff := cmp.Diff(test.want, strings.ReplaceAll(err.Error(), filepath.Dir(o.PKI), "DIR")); diff != "" {
				t.Error(diff)
			}
			if exists(o.Out) || exists(o.PKI, "a") {
				t.Error("something was written")
			}
		})
	}
}

// A cluster that was made with a fleet does not get new CAs beside its own.
func TestAClusterOfAFleetIsNotMadeAgainAbove(t *testing.T) {
	o := newFleet(t, "a", "b")
	run(t, t.Context(), o)
	alone := o.Options
	alone.Spec = o.Specs[0]
	_, err := generator.Generate(t.Context(), alone)
	own := filepath.Join(o.PKI, "a")
	want := own + " has the CAs of a, which was made with a fleet: give that folder as --pki, and its own as --out"
	var input *generator.InputError
	if !errors.As(err, &input) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	if exists(o.PKI, "ca.pem") {
		t.Error("it got another CA")
	}
}

// What has begun is completed, what has not is not touched.
func TestAnInterruptedFleetHasWholeClustersOnly(t *testing.T) {
	o := newFleet(t, numbered(100)...)
	ctx, cancel := context.WithCancel(t.Context())
	o.Progress = func(fleet.Result) { cancel() }
	count := map[fleet.State]int{}
	for _, r := range run(t, ctx, o) {
		count[r.State]++
		whole := exists(o.PKI, r.Cluster, "clients", "verify.pem") && exists(o.Out, r.Cluster, "expect.json")
		begun := exists(o.PKI, r.Cluster) || exists(o.Out, r.Cluster)
		switch {
		case r.State == fleet.Written && !whole:
			t.Errorf("%s is not whole", r.Cluster)
		case r.State == fleet.Skipped && begun:
			t.Errorf("%s was begun", r.Cluster)
		}
	}
	if count[fleet.Written] == 0 || count[fleet.Skipped] == 0 || count[fleet.Written]+count[fleet.Skipped] != 100 {
		t.Errorf("states %v, want some written, and the others skipped", count)
	}
	if count := states(run(t, t.Context(), o)); count[fleet.Written]+count[fleet.Unchanged] != 100 {
		t.Errorf("the next run: %v, want 100 whole", count)
	}
}

func TestPackersTemplatesNeedNoPKI(t *testing.T) {
	o := newFleet(t, "a", "b")
	o.Format = generator.Packer
	if diff := cmp.Diff(map[fleet.State]int{fleet.Written: 2}, states(run(t, t.Context(), o))); diff != "" {
		t.Error(diff)
	}
	if exists(o.PKI) || !exists(o.Out, "b", "packer") {
		t.Error("want out/b/packer and no PKI")
	}
}

func TestFind(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, path := range []string{"clusters/b.yaml", "clusters/a.yml", "clusters/.hidden.yaml", "clusters/README.md", "eu/1/etcd.yaml",
		"eu/2/etcd.yaml", "eu/2/other.txt", "[x].yaml", "empty/x"} {
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		names []string
		many  bool
		want  string
	}{
		{[]string{"clusters/b.yaml"}, false, "clusters/b.yaml"},
		{[]string{"missing.yaml"}, false, "missing.yaml"},
		{[]string{"[x].yaml"}, false, "[x].yaml"},
		{[]string{"clusters"}, true, "clusters/a.yml clusters/b.yaml"},
		{[]string{"clusters/*.yaml"}, true, "clusters/b.yaml"},
		{[]string{"eu/*/etcd.yaml"}, true, "eu/1/etcd.yaml eu/2/etcd.yaml"},
		{[]string{"eu/*"}, true, "eu/1/etcd.yaml eu/2/etcd.yaml"},
		{[]string{"clusters/b.yaml", "./clusters/b.yaml", "clusters/"}, false, "clusters/b.yaml clusters/a.yml"},
		{[]string{"empty"}, true, "no spec in empty: want files *.yaml or *.yml"},
		{[]string{"none/*.yaml"}, true, "no spec in none/*.yaml: want files *.yaml or *.yml"},
		{[]string{"a[.yaml"}, true, `"a[.yaml" is no pattern: syntax error in pattern`},
	} {
		found, err := fleet.Find(test.names...)
		got := strings.Join(found, " ")
		if err != nil {
			got = err.Error()
		}
		if got != test.want {
			t.Errorf("Find(%q): %s, want %s", test.names, got, test.want)
		}
		if many := fleet.IsMany(test.names[0]); many != test.many {
			t.Errorf("IsMany(%q): %v, want %v", test.names[0], many, test.many)
		}
	}
}

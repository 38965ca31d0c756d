// Package pkitest gives other packages' tests a PKI that is the same in every run, so that whole outputs can be compared
// with golden files. Its keys are public: it is good for nothing else.
package pkitest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/spec"
)

const century = 100 * 365 * 24 * time.Hour

// Clock is the time at which the PKI was made.
func Clock() time.Time { return time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC) }

// Cluster is what the PKI is for: k8s-etcd with master1, master2 and master3 at 10.140.0.2 to 10.140.0.4, and no client but
// verify. Only the fields that pki reads are set.
func Cluster() *spec.Cluster {
	return &spec.Cluster{
		Name: "k8s-etcd",
		Members: []spec.Member{
			{Name: "master1", Address: "10.140.0.2"},
			{Name: "master2", Address: "10.140.0.3"},
			{Name: "master3", Address: "10.140.0.4"},
		},
		PKI: spec.PKI{
			Key:          spec.Key{Algorithm: "ecdsa", Size: 256},
			CALifetime:   spec.Duration(century),
			LeafLifetime: spec.Duration(century),
			Backdate:     spec.Duration(time.Hour),
		},
	}
}

// Dir returns a copy of the PKI folder, with the modes that git does not keep.
func Dir(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "pki")
	if err := os.CopyFS(dir, os.DirFS(source())); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "README.md")); err != nil {
		t.Fatal(err)
	}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Chmod(path, 0o700)
		}
		return os.Chmod(path, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Bundle returns the PKI.
func Bundle(t testing.TB) *pki.Bundle {
	t.Helper()
	store, err := pki.Open(Dir(t), pki.Options{Clock: Clock})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	bundle, changes, err := store.Ensure(t.Context(), Cluster())
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) > 0 {
		t.Fatalf("the PKI in %s is not complete: %v", source(), changes)
	}
	return bundle
}

// source is generator/pki/testdata/pki, wherever the test runs.
func source() string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "testdata", "pki")
}

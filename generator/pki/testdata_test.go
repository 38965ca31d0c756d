package pki_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
)

// newPKI is apart from -update: every other package's golden files hold these certificates, and would all change.
var newPKI = flag.Bool("new-pki", false, "make testdata/pki anew; make goldens has to follow")

// What pkitest hands to other packages' tests is complete and sound.
func TestTheCommittedPKIIsCompleteAndSound(t *testing.T) {
	if *newPKI {
		writeCommittedPKI(t, filepath.Join("testdata", "pki"))
	}
	if notes := pkitest.Bundle(t).Notes; len(notes) > 0 {
		t.Errorf("notes %q, want none", notes)
	}
}

func writeCommittedPKI(t *testing.T, target string) {
	sameEveryTime(t)
	dir := filepath.Join(t.TempDir(), "pki")
	if _, _, err := ensure(t, dir, pkitest.Cluster(), pkitest.Clock()); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, ".lock")); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ca.pem", "ca-key.pem", "peer-ca.pem", "peer-ca-key.pem", "members", "clients"} {
		if err := os.RemoveAll(filepath.Join(target, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.CopyFS(target, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
}

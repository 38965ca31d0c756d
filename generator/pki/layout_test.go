package pki_test

import (
	"context"
	"crypto/x509"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
)

// exampleFiles are the files of a complete PKI folder for the example.
func exampleFiles() []string {
	files := []string{".lock"}
	for _, name := range []string{"ca", "clients/verify", "members/master1/peer", "members/master1/server",
		"members/master2/peer", "members/master2/server", "members/master3/peer", "members/master3/server", "peer-ca"} {
		files = append(files, name+".pem", name+"-key.pem")
	}
	slices.Sort(files)
	return files
}

// snapshot reads a folder: each file's path, mode, time of change and content. A folder's path ends in a slash; its time is
// left out, and so is the lock.
func snapshot(t testing.TB, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir || d.Name() == ".lock" {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		name := strings.TrimPrefix(path, dir+"/")
		if d.IsDir() {
			files[name+"/"] = info.Mode().String()
			return nil
		}
		content, err := os.ReadFile(path)
		files[name] = fmt.Sprint(info.Mode(), info.ModTime().UnixNano(), "\n", string(content))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestAFreshPKIHasItsLayoutAndItsModesUnderAnyUmask(t *testing.T) {
	for _, umask := range []int{0o022, 0, 0o277} {
		t.Run(fmt.Sprintf("%04o", umask), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "pki")
			defer syscall.Umask(syscall.Umask(umask))
			if _, _, err := ensure(t, dir, pkitest.Cluster(), pkitest.Clock()); err != nil {
				t.Fatal(err)
			}
			var files []string
			err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
				if err != nil {
					return err
				}
				info, err := d.Info()
				want := fs.FileMode(0o600)
				if d.IsDir() {
					want = fs.ModeDir | 0o700
				} else {
					files = append(files, strings.TrimPrefix(path, dir+"/"))
				}
				if info.Mode() != want && d.Name() != ".lock" {
					t.Errorf("%s: mode %v, want %v", path, info.Mode(), want)
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(files)
			if diff := cmp.Diff(exampleFiles(), files); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEverythingThatIsMadeIsReportedOnceInAFixedOrder(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	bundle, changes, err := ensure(t, dir, pkitest.Cluster(), pkitest.Clock())
	if err != nil {
		t.Fatal(err)
	}
	var want []pki.Change
	for _, name := range []string{"ca", "peer-ca", "members/master1/server", "members/master1/peer", "members/master2/server",
		"members/master2/peer", "members/master3/server", "members/master3/peer", "clients/verify"} {
		want = append(want, pki.Change{Name: name, Action: pki.Created})
	}
	if diff := cmp.Diff(want, changes); diff != "" {
		t.Error(diff)
	}
	again, changes, err := ensure(t, dir, pkitest.Cluster(), pkitest.Clock())
	if err != nil || len(changes) > 0 {
		t.Errorf("second run: changes %v, error %v, want none", changes, err)
	}
	if diff := cmp.Diff(bundle, again, cmp.Comparer((*x509.Certificate).Equal)); diff != "" {
		t.Errorf("what was issued is not what is read back:\n%s", diff)
	}
}

func TestARunThatFindsEverythingWritesNothing(t *testing.T) {
	dir := pkitest.Dir(t)
	changedAt := func() time.Time {
		if _, _, err := ensure(t, dir, pkitest.Cluster(), pkitest.Clock().Add(year)); err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(dir)
		must(t, err)
		return info.ModTime()
	}
	first, before := changedAt(), snapshot(t, dir)
	if second := changedAt(); !second.Equal(first) {
		t.Error("a file came or went in the folder")
	}
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Error(diff)
	}
}

func TestOneCAMayDoBoth(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	c := pkitest.Cluster()
	c.PKI.SingleCA = true
	bundle, changes, err := ensure(t, dir, c, pkitest.Clock())
	if err != nil {
		t.Fatal(err)
	}
	if len(changes) != 8 || !parse(t, bundle.PeerCA.CertPEM).Equal(parse(t, bundle.CA.CertPEM)) {
		t.Errorf("%d changes, peer CA %v, want 8 and the CA itself", len(changes), parse(t, bundle.PeerCA.CertPEM).Subject)
	}
	if err := parse(t, bundle.Members["master1"].Peer.CertPEM).CheckSignatureFrom(parse(t, bundle.CA.CertPEM)); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "peer-ca.pem")); err == nil {
		t.Error("peer-ca.pem was written")
	}
}

func TestAFolderIsOpenedOnceAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	store, err := pki.Open(dir, pki.Options{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = pki.Open(dir, pki.Options{})
	checkError(t, err, pki.ErrLocked, "another etcdbake is working in "+dir+": try again when it is done")
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	store, err = pki.Open(dir, pki.Options{})
	if err != nil {
		t.Fatalf("after Close: %v", err)
	}
	store.Close()
}

func TestACancelledRunWritesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	store, err := pki.Open(dir, pki.Options{Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := store.Ensure(ctx, pkitest.Cluster()); err == nil || err.Error() != "context canceled" {
		t.Errorf("error %v, want context canceled", err)
	}
	if files := snapshot(t, dir); len(files) > 0 {
		t.Errorf("wrote %v", files)
	}
}

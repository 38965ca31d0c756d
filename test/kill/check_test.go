package kill_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// read returns the named files of pki/ by their name.
func (w workspace) read(t *testing.T, names ...string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range names {
		data, err := os.ReadFile(filepath.Join(w.dir, "pki", name))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = data
	}
	return files
}

// list returns the paths of all files in the workspace, in order.
func (w workspace) list(t *testing.T) []string {
	t.Helper()
	var paths []string
	err := filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			paths = append(paths, strings.TrimPrefix(path, w.dir+"/"))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}

// completeCAs returns the files of every CA that has both its halves.
func (w workspace) completeCAs(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, ca := range []string{"ca", "peer-ca"} {
		cert, errCert := os.ReadFile(filepath.Join(w.dir, "pki", ca+".pem"))
		key, errKey := os.ReadFile(filepath.Join(w.dir, "pki", ca+"-key.pem"))
		if err := errors.Join(errCert, errKey); err != nil {
			continue
		}
		if _, err := tls.X509KeyPair(cert, key); err != nil {
			t.Errorf("%s has both halves, and they do not fit: %v", ca, err)
			continue
		}
		files[ca+".pem"], files[ca+"-key.pem"] = cert, key
	}
	return files
}

// checkSecretsAreClosed checks that whatever holds a private key, under any name, can be read by its owner alone.
func (w workspace) checkSecretsAreClosed(t *testing.T) {
	t.Helper()
	for _, path := range w.list(t) {
		data, err := os.ReadFile(filepath.Join(w.dir, path))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(path, "pki/") && !bytes.Contains(data, []byte("PRIVATE KEY")) {
			continue
		}
		info, err := os.Stat(filepath.Join(w.dir, filepath.Dir(path)))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o700 {
			t.Errorf("the folder of %s has mode %o, want 700", path, info.Mode().Perm())
		}
		if !bytes.Contains(data, []byte("PRIVATE KEY")) {
			continue
		}
		if info, err = os.Stat(filepath.Join(w.dir, path)); err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %o, want 600", path, info.Mode().Perm())
		}
	}
}

// checkPKI checks that pki/ is complete and consistent: every pair fits, every leaf chains to its CA for its uses, and
// covers its member's address.
func (w workspace) checkPKI(t *testing.T, members map[string]string) {
	t.Helper()
	both := []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	for member, address := range members {
		w.checkLeaf(t, "ca", "members/"+member+"/server", address, both...)
		w.checkLeaf(t, "peer-ca", "members/"+member+"/peer", address, both...)
	}
	w.checkLeaf(t, "ca", "clients/verify", "", x509.ExtKeyUsageClientAuth)
	for _, ca := range []string{"ca", "peer-ca"} {
		path := filepath.Join(w.dir, "pki", ca)
		if _, err := tls.LoadX509KeyPair(path+".pem", path+"-key.pem"); err != nil {
			t.Errorf("%s: %v", ca, err)
		}
	}
}

func (w workspace) checkLeaf(t *testing.T, ca, leaf, address string, uses ...x509.ExtKeyUsage) {
	t.Helper()
	path := filepath.Join(w.dir, "pki", leaf)
	pair, err := tls.LoadX509KeyPair(path+".pem", path+"-key.pem")
	if err != nil {
		t.Errorf("%s: %v", leaf, err)
		return
	}
	block, _ := pem.Decode(w.read(t, ca+".pem")[ca+".pem"])
	if block == nil {
		t.Errorf("%s.pem is no PEM", ca)
		return
	}
	root, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Errorf("%s: %v", ca, err)
		return
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	for _, use := range uses {
		if _, err := pair.Leaf.Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{use}}); err != nil {
			t.Errorf("%s: %v", leaf, err)
		}
	}
	if ip := net.ParseIP(address); ip != nil {
		if err := pair.Leaf.VerifyHostname(address); err != nil {
			t.Errorf("%s: %v", leaf, err)
		}
	}
}

// checkOutIsWhatPKISays checks that out/ is, to the byte, what a new generate makes from the same pki/, and that this
// leaves pki/ as it is.
func (w workspace) checkOutIsWhatPKISays(t *testing.T) {
	t.Helper()
	before := w.tree(t, "pki")
	w.generate(t, "--out", "out2")
	sameTree(t, "pki/ after one more generate", before, w.tree(t, "pki"))
	sameTree(t, "out/", w.tree(t, "out2"), w.tree(t, "out"))
}

// tree returns the content of every file under the workspace's folder top by its path in it.
func (w workspace) tree(t *testing.T, top string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, path := range w.list(t) {
		name, ok := strings.CutPrefix(path, top+"/")
		if !ok {
			continue
		}
		data, err := os.ReadFile(filepath.Join(w.dir, path))
		if err != nil {
			t.Fatal(err)
		}
		files[name] = string(data)
	}
	return files
}

// sameTree names the files that differ; it shows no content, which may be a key.
func sameTree(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	if len(want) == 0 {
		t.Errorf("%s: nothing to compare with", what)
	}
	for name := range want {
		if content, ok := got[name]; !ok || content != want[name] {
			t.Errorf("%s: %s is missing or differs", what, name)
		}
	}
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s should not be there", what, name)
		}
	}
}

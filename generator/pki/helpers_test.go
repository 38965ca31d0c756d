package pki_test

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"runtime"
	"testing"
	"testing/cryptotest"
	"time"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/spec"
)

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// ensure opens dir at a given time, makes what c needs, and closes dir.
func ensure(t testing.TB, dir string, c *spec.Cluster, now time.Time, renew ...string) (*pki.Bundle, []pki.Change, error) {
	t.Helper()
	store, err := pki.Open(dir, pki.Options{Clock: func() time.Time { return now }, Renew: renew})
	if err != nil {
		return nil, nil, err
	}
	defer store.Close()
	return store.Ensure(t.Context(), c)
}

// sameEveryTime makes all that is random be the same in every run: certificates are made one after the other then.
func sameEveryTime(t *testing.T) {
	t.Helper()
	cryptotest.SetGlobalRandom(t, 2026)
	procs := runtime.GOMAXPROCS(1)
	t.Cleanup(func() { runtime.GOMAXPROCS(procs) })
}

// checkError wants an error of one kind and with one text. Kind pki.ErrLocked and pki.ErrInvalid exclude each other.
func checkError(t *testing.T, err, kind error, text string) {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, want: %s", text)
	}
	for _, k := range []error{pki.ErrInvalid, pki.ErrLocked} {
		if errors.Is(err, k) != (k == kind) {
			t.Errorf("errors.Is(err, %v) is %v", k, k != kind)
		}
	}
	if err.Error() != text {
		t.Errorf("error:\n%v\nwant:\n%s", err, text)
	}
}

func read(t testing.TB, path string) string {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func writeFile(t testing.TB, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func hexSHA256(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}

func parse(t testing.TB, certPEM []byte) *x509.Certificate {
	t.Helper()
	block, rest := pem.Decode(certPEM)
	if block == nil || len(rest) > 0 {
		t.Fatalf("not one PEM block: %q", certPEM)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

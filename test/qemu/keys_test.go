//go:build e2e

package qemu

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// searchForKeys reports every file under dir that has a private key in it, as PEM or as DER, unless it is the same under
// plain: openssl and libgnutls test themselves with keys. It shares nothing with the provisioner's own search: it parses.
func (l *lab) searchForKeys(dir, plain string) {
	l.t.Helper()
	searched := 0
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		searched++
		name := strings.TrimPrefix(path, dir)
		if before, err := os.ReadFile(filepath.Join(plain, name)); err == nil && bytes.Equal(before, content) {
			return nil
		}
		if hasKey(content) {
			l.t.Errorf("the image has a private key in %s", name)
		}
		return nil
	})
	if err != nil {
		l.t.Fatal(err)
	}
	if searched < 1000 {
		l.t.Errorf("searched only %d files: that is no Debian", searched)
	}
}

// A search that finds nothing proves nothing, unless it finds what is there.
func TestTheSearchFindsKeys(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	public, err := x509.MarshalPKIXPublicKey(ec.Public())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		content []byte
		want    bool
	}{
		"PKCS #8":            {pkcs8, true},
		"SEC 1":              {sec1, true},
		"PKCS #1":            {x509.MarshalPKCS1PrivateKey(rsaKey), true},
		"PEM":                {pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), true},
		"OpenSSH":            {pem.EncodeToMemory(&pem.Block{Type: "OPENSSH PRIVATE KEY", Bytes: []byte("any")}), true},
		"a public key":       {public, false},
		"a public PEM key":   {pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: public}), false},
		"the words of a key": {[]byte("-----BEGIN PRIVATE KEY-----"), false},
	} {
		between := slices.Concat([]byte("any \x30\x82 bytes\n"), test.content, []byte("\nand more of them, to the end"))
		if got := hasKey(between); got != test.want {
			t.Errorf("%s: found %v, want %v", name, got, test.want)
		}
	}
}

func hasKey(content []byte) bool { return hasPEM(content) || hasDER(content) }

// hasPEM finds keys wherever in the content they begin.
func hasPEM(content []byte) bool {
	begin := []byte("-----BEGIN ")
	for i := bytes.Index(content, begin); i >= 0; {
		if block, _ := pem.Decode(content[i:]); block != nil && bytes.HasSuffix([]byte(block.Type), []byte("PRIVATE KEY")) {
			return true
		}
		next := bytes.Index(content[i+1:], begin)
		if next < 0 {
			return false
		}
		i += 1 + next
	}
	return false
}

// hasDER finds keys wherever in the content they begin: each SEQUENCE that begins with a version, as all keys do, is parsed.
func hasDER(content []byte) bool {
	for i := 0; i < len(content)-16; i++ {
		if content[i] != 0x30 || !startsWithVersion(content[i:min(len(content), i+8)]) {
			continue
		}
		var value asn1.RawValue
		if _, err := asn1.Unmarshal(content[i:], &value); err == nil && isKey(value.FullBytes) {
			return true
		}
	}
	return false
}

// startsWithVersion tells whether a SEQUENCE's first element is the INTEGER 0 or 1, whatever the length of its length.
func startsWithVersion(head []byte) bool {
	skip := 2
	if head[1] >= 0x80 {
		skip += int(head[1] & 0x7f)
	}
	return skip+3 <= len(head) && head[skip] == 2 && head[skip+1] == 1 && head[skip+2] <= 1
}

func isKey(der []byte) bool {
	if _, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return true
	}
	if _, err := x509.ParseECPrivateKey(der); err == nil {
		return true
	}
	_, err := x509.ParsePKCS1PrivateKey(der)
	return err == nil
}

package pki

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cloudflare/cfssl/helpers"
)

// pair is a certificate and its private key, checked to belong together.
type pair struct {
	certPEM, keyPEM []byte
	facts           Facts
	cert            *x509.Certificate // nil for a leaf that this run has made
	key             crypto.Signer
}

func certFile(name string) string { return name + ".pem" }
func keyFile(name string) string  { return name + "-key.pem" }

func (p *pair) files(name string) []file {
	return []file{{certFile(name), p.certPEM}, {keyFile(name), p.keyPEM}}
}

func (p *pair) leaf() Leaf           { return Leaf{CertPEM: p.certPEM, KeyPEM: p.keyPEM, Facts: p.facts} }
func (p *pair) authority() Authority { return Authority{CertPEM: p.certPEM, Facts: p.facts} }

// loadPair reads a pair of pki/; it is nil where neither file is there.
func loadPair(dir, name string) (*pair, error) {
	certPath, keyPath := filepath.Join(dir, certFile(name)), filepath.Join(dir, keyFile(name))
	certPEM, certErr := readFile(certPath)
	keyPEM, keyErr := readFile(keyPath)
	noCert, noKey := errors.Is(certErr, fs.ErrNotExist), errors.Is(keyErr, fs.ErrNotExist)
	switch {
	case noCert && noKey:
		return nil, nil
	case noCert && keyErr == nil:
		return nil, lonely(certPath, keyPath)
	case noKey && certErr == nil:
		return nil, lonely(keyPath, certPath)
	case certErr != nil || keyErr != nil:
		return nil, errors.Join(certErr, keyErr)
	}
	if err := checkPrivate(keyPath, dir); err != nil {
		return nil, err
	}
	return parsePair(certPath, certPEM, keyPath, keyPEM)
}

func lonely(missing, present string) error {
	return invalid("%s is missing, but %s is there: restore it from a backup, or move the other away too", missing, present)
}

// readFile reads a regular file; anything else (a folder, a pipe that would block) is bad input.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, invalid("%s is not a regular file: move it away", path)
	}
	return os.ReadFile(path)
}

// checkPrivate refuses a file or folder that others can reach; it is not repaired, since the harm may be done already.
func checkPrivate(path, dir string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return invalid("%s is open to other users (mode %04o): if nobody can have read it, run: chmod -R go= %s", path, perm, dir)
	}
	return nil
}

// parsePair checks a certificate and its key; the paths are for errors.
func parsePair(certPath string, certPEM []byte, keyPath string, keyPEM []byte) (*pair, error) {
	cert, err := parseCert(certPath, certPEM)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(keyPath, keyPEM)
	if err != nil {
		return nil, err
	}
	if pub, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); !ok || !pub.Equal(key.Public()) {
		return nil, invalid("%s is not the key of %s (%s): restore the pair from one backup, or move both away",
			keyPath, certPath, describe(cert))
	}
	return &pair{certPEM: certPEM, keyPEM: keyPEM, facts: factsOf(cert), cert: cert, key: key}, nil
}

// parseCert parses a file that holds one certificate and no more.
func parseCert(path string, content []byte) (*x509.Certificate, error) {
	if len(content) == 0 {
		return nil, empty(path)
	}
	block, rest := pem.Decode(content)
	if block == nil || block.Type != "CERTIFICATE" {
		return nil, invalid("%s does not begin with a PEM certificate (-----BEGIN CERTIFICATE-----): restore it from a "+
			"backup", path)
	}
	if more, _ := pem.Decode(rest); more != nil {
		return nil, invalid("%s has more than one PEM block: keep the one certificate that the key belongs to", path)
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, invalid("%s holds a damaged certificate: %w: restore it from a backup", path, err)
	}
	return cert, nil
}

// parseKey parses a PKCS#1, SEC1 or PKCS#8 private key, as openssl or cfssl write it. Its errors hold nothing of the file.
func parseKey(path string, content []byte) (crypto.Signer, error) {
	if len(content) == 0 {
		return nil, empty(path)
	}
	block := keyBlock(content)
	if block == nil {
		return nil, invalid("%s holds no PEM private key: restore it from a backup", path)
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["Proc-Type"] == "4,ENCRYPTED" {
		return nil, invalid("%s is encrypted: decrypt it first: openssl pkey -in %s -out DECRYPTED (with umask 077)", path, path)
	}
	key, err := helpers.ParsePrivateKeyPEM(pem.EncodeToMemory(block))
	if err != nil {
		return nil, invalid("%s holds a damaged private key, or one of another kind than RSA, ECDSA and Ed25519: "+
			"restore it from a backup", path)
	}
	return key, nil
}

// keyBlock finds the private key in a PEM file; openssl writes EC PARAMETERS before it.
func keyBlock(content []byte) *pem.Block {
	for block, rest := pem.Decode(content); block != nil; block, rest = pem.Decode(rest) {
		if bytes.HasSuffix([]byte(block.Type), []byte("PRIVATE KEY")) {
			return block
		}
	}
	return nil
}

func empty(path string) error {
	return invalid("%s is empty: restore it from a backup, or move it and the other half of its pair away", path)
}

// describe names a certificate in words, so that two of one name can be told apart.
func describe(cert *x509.Certificate) string {
	sum := sha256.Sum256(cert.Raw)
	return cert.Subject.CommonName + ", SHA-256 " + hex.EncodeToString(sum[:8]) + "…"
}

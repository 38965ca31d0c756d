package pki_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/spec"
)

// tutorialTime is when somebody brings what they made with the tutorial in November 2026.
func tutorialTime() time.Time { return time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC) }

// tutorialCluster has the tutorial's one CA for both uses, and ordinary lifetimes.
func tutorialCluster(t *testing.T) *spec.Cluster {
	t.Helper()
	c := pkitest.Cluster()
	c.PKI.CALifetime, c.PKI.LeafLifetime = spec.Duration(10*year), spec.Duration(year)
	c.PKI.SingleCA = true
	c.PKI.CA = &spec.ExistingCA{Cert: tutorial(t, "etcd-ca.pem"), Key: tutorial(t, "etcd-ca-key.pem")}
	return c
}

func tutorial(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("testdata", "tutorial", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestTheTutorialsCAIsImportedOnceAndThenCompared(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	c := tutorialCluster(t)
	bundle, changes, err := ensure(t, dir, c, tutorialTime())
	if err != nil {
		t.Fatal(err)
	}
	want := pki.Change{Name: "ca", Action: pki.Imported, Reason: "from " + c.PKI.CA.Cert + " (etcd CA, SHA-256 " +
		fingerprint(t, dir, "ca") + "…)"}
	if diff := cmp.Diff(want, changes[0]); diff != "" {
		t.Error(diff)
	}
	for name, from := range map[string]string{"ca.pem": c.PKI.CA.Cert, "ca-key.pem": c.PKI.CA.Key} {
		if diff := cmp.Diff(strings.TrimSpace(read(t, from)), strings.TrimSpace(read(t, filepath.Join(dir, name)))); diff != "" {
			t.Errorf("%s is not a copy:\n%s", name, diff)
		}
	}
	for name, m := range bundle.Members {
		for _, leaf := range []pki.Leaf{m.Server, m.Peer} {
			if err := parse(t, leaf.CertPEM).CheckSignatureFrom(parse(t, bundle.CA.CertPEM)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	// Later runs do without the CA's key, which may be locked away now.
	c.PKI.CA.Key = filepath.Join(dir, "nowhere")
	if _, changes, err := ensure(t, dir, c, tutorialTime()); err != nil || len(changes) > 0 {
		t.Errorf("second run: changes %v, error %v, want none", changes, err)
	}
	// And without the spec naming it at all.
	c.PKI.CA = nil
	if _, changes, err := ensure(t, dir, c, tutorialTime()); err != nil || len(changes) > 0 {
		t.Errorf("third run: changes %v, error %v, want none", changes, err)
	}
}

func TestAnotherCAInTheSpecThanInUseIsRefused(t *testing.T) {
	dir := pkitest.Dir(t)
	c := tutorialCluster(t)
	c.PKI.SingleCA = false
	before := snapshot(t, dir)
	_, _, err := ensure(t, dir, c, tutorialTime())
	block, _ := pem.Decode([]byte(read(t, c.PKI.CA.Cert)))
	checkError(t, err, pki.ErrInvalid, c.PKI.CA.Cert+" (etcd CA, SHA-256 "+hexSHA256(block.Bytes)[:16]+"…) is not the CA in use, "+
		dir+"/ca.pem (k8s-etcd etcd CA, SHA-256 "+fingerprint(t, dir, "ca")+"…): name that one in the spec, or begin with a "+
		"new PKI folder")
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Error(diff)
	}
}

// Keys may be in any of the forms that openssl and cfssl write.
func TestExistingKeysOfEveryFormAreImported(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	must(t, err)
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	sec1, err := x509.MarshalECPrivateKey(ec)
	must(t, err)
	ecPKCS8, err := x509.MarshalPKCS8PrivateKey(ec)
	must(t, err)
	rsaPKCS8, err := x509.MarshalPKCS8PrivateKey(rsaKey)
	must(t, err)
	ecCert := selfSigned(t, ec, caTemplate())
	rsaCert := selfSigned(t, rsaKey, caTemplate())
	params := "-----BEGIN EC PARAMETERS-----\nBgUrgQQAIg==\n-----END EC PARAMETERS-----\n"
	for name, test := range map[string]struct{ cert, key string }{
		"SEC1":                       {ecCert, block("EC PRIVATE KEY", sec1)},
		"SEC1 with openssl's header": {"Bag Attributes\n" + ecCert, params + block("EC PRIVATE KEY", sec1)},
		"PKCS#1":                     {rsaCert, block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(rsaKey))},
		"PKCS#8 ECDSA":               {ecCert, block("PRIVATE KEY", ecPKCS8)},
		"PKCS#8 RSA":                 {rsaCert, block("PRIVATE KEY", rsaPKCS8)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c := existing(t, dir, test.cert, test.key)
			_, changes, err := ensure(t, filepath.Join(dir, "pki"), c, pkitest.Clock())
			if err != nil {
				t.Fatal(err)
			}
			if changes[0].Action != pki.Imported || changes[1].Name != "peer-ca" || changes[1].Action != pki.Created {
				t.Errorf("changes %v, want ca imported and peer-ca created", changes[:2])
			}
			if got := read(t, filepath.Join(dir, "pki", "ca-key.pem")); !strings.HasSuffix(test.key, got) {
				t.Error("the key in pki/ is not the one that was given")
			}
		})
	}
}

func TestABadExistingCAIsRefused(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	pemKey := func(k *ecdsa.PrivateKey) string {
		der, err := x509.MarshalECPrivateKey(k)
		must(t, err)
		return block("EC PRIVATE KEY", der)
	}
	cert := func(change func(c *x509.Certificate)) string {
		template := caTemplate()
		change(template)
		return selfSigned(t, key, template)
	}
	good := cert(func(*x509.Certificate) {})
	for _, test := range []struct{ name, cert, key, want string }{
		{"no certificate there", "", pemKey(key), "cannot read the CA that the spec names: stat DIR/ca.pem: no such file or directory"},
		{"no key there", good, "", "cannot read the key of the CA that the spec names: stat DIR/ca.key: no such file or directory"},
		{"another key", good, pemKey(other), "DIR/ca.key is not the key of DIR/ca.pem (Old CA, SHA-256 ID…): restore the pair from one " +
			"backup, or move both away"},
		{"encrypted PKCS#8", good, block("ENCRYPTED PRIVATE KEY", []byte("x")), "DIR/ca.key is encrypted: decrypt it first: openssl " +
			"pkey -in DIR/ca.key -out DECRYPTED (with umask 077)"},
		{"encrypted PKCS#1", good, "-----BEGIN EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nAAAA\n" +
			"-----END EC PRIVATE KEY-----\n", "DIR/ca.key is encrypted: decrypt it first: openssl pkey -in DIR/ca.key -out DECRYPTED " +
			"(with umask 077)"},
		{"a chain", good + good, pemKey(key), "DIR/ca.pem has more than one PEM block: keep the one certificate that the key belongs to"},
		{"not a CA", cert(func(c *x509.Certificate) { c.IsCA = false }), pemKey(key), "DIR/ca.pem (Old CA, SHA-256 ID…) is not a CA: its " +
			"basic constraints do not say CA:TRUE"},
		{"may not sign", cert(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }), pemKey(key), "DIR/ca.pem (Old CA, " +
			"SHA-256 ID…) may not sign certificates: its key usage has no keyCertSign"},
		{"expired", cert(func(c *x509.Certificate) { c.NotAfter = pkitest.Clock().Add(-time.Second) }), pemKey(key), "DIR/ca.pem (Old CA, " +
			"SHA-256 ID…) expired on 2025-12-31 23:59 UTC: nothing that it signed is accepted any more; begin with a new PKI folder"},
		{"constrained to other uses", cert(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }),
			pemKey(key), "members/master1/server: CA Old CA, SHA-256 ID… cannot issue it: x509: certificate specifies an incompatible " +
				"key usage"},
		{"constrained to other addresses", cert(func(c *x509.Certificate) {
			c.PermittedIPRanges = []*net.IPNet{{IP: net.IP{10, 1, 0, 0}, Mask: net.CIDRMask(16, 32)}}
		}), pemKey(key), "members/master1/server: CA Old CA, SHA-256 ID… cannot issue it: x509: a root or intermediate certificate is " +
			"not authorized to sign for this name: IP address \"10.140.0.2\" is not permitted by any constraint"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			c := existing(t, dir, test.cert, test.key)
			c.Members = c.Members[:1]
			_, _, err := ensure(t, filepath.Join(dir, "pki"), c, pkitest.Clock())
			id := "none"
			if b, _ := pem.Decode([]byte(test.cert)); b != nil {
				id = hexSHA256(b.Bytes)[:16]
			}
			checkError(t, replaced(err, strings.NewReplacer(dir, "DIR", id, "ID")), pki.ErrInvalid, test.want)
			if exists(dir, "pki") {
				t.Errorf("a run that was refused left a PKI folder: %v", snapshot(t, filepath.Join(dir, "pki")))
			}
		})
	}
}

// existing is the example with a CA from files, of which an empty one is not there.
func existing(t *testing.T, dir, cert, key string) *spec.Cluster {
	t.Helper()
	c := pkitest.Cluster()
	c.PKI.CA = &spec.ExistingCA{Cert: filepath.Join(dir, "ca.pem"), Key: filepath.Join(dir, "ca.key")}
	for path, content := range map[string]string{c.PKI.CA.Cert: cert, c.PKI.CA.Key: key} {
		if content != "" {
			writeFile(t, path, content)
		}
	}
	return c
}

func caTemplate() *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "Old CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: pkitest.Clock().Add(-year), NotAfter: pkitest.Clock().Add(200 * year), KeyUsage: x509.KeyUsageCertSign,
	}
}

func selfSigned(t *testing.T, key crypto.Signer, template *x509.Certificate) string {
	t.Helper()
	public := key.Public()
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, key)
	must(t, err)
	return block("CERTIFICATE", der)
}

func block(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

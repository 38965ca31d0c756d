package pki

import (
	"crypto/x509"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/cloudflare/cfssl/config"
	"github.com/cloudflare/cfssl/csr"
	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/spec"
)

// What cfssl makes of a request and what we make without one differ in serial and signature alone.
func TestACertificateWithoutARequestIsTheOneThatCFSSLMakes(t *testing.T) {
	const everything = `{"signing": {"default": {"expiry": "24h", "usages": ["signing", "key encipherment", "server auth",
		"client auth", "email protection"], "issuer_urls": ["http://ca.example.com/ca.pem"], "ocsp_url": "http://ocsp.example.com",
		"crl_url": "http://ca.example.com/crl", "ocsp_no_check": true, "policies": [{"id": "1.2.3.4"}]}}}`
	names := []csr.Name{
		{C: "DE", ST: "BE", L: "Berlin", O: "Größe & Co", OU: "Ops", E: "ops@example.com", OID: map[string]string{"1.2.3.4.5": "x"}},
		{O: "second"},
	}
	hosts := []string{"node-1", "10.0.0.1", "2001:db8::1", "*.example.com", "someone@example.com", "spiffe://example.com/etcd"}
	requests := map[string]request{
		"names and hosts": {subject: csr.CertificateRequest{CN: "node-1", Names: names, Hosts: hosts}, profile: memberProfile},
		"one name":        {subject: csr.CertificateRequest{CN: "Größe"}, profile: clientProfile},
		"no name":         {subject: csr.CertificateRequest{Hosts: hosts[:1]}, profile: memberProfile},
		"the default":     {subject: csr.CertificateRequest{CN: "node-1", Hosts: hosts}},
	}
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for keyName, key := range map[string]spec.Key{"P-256": {Algorithm: "ecdsa", Size: 256}, "P-384": {Algorithm: "ecdsa", Size: 384},
		"RSA": {Algorithm: "rsa", Size: 2048}} {
		for configName, content := range map[string]string{"ours": "", "everything": everything} {
			s := testSettings(t, key, content)
			ca, err := s.issueCA("ca", now)
			if err != nil {
				t.Fatal(err)
			}
			i, err := s.newIssuer(ca)
			if err != nil {
				t.Fatal(err)
			}
			for name, r := range requests {
				t.Run(keyName+", "+configName+", "+name, func(t *testing.T) {
					r.notBefore, r.notAfter = now, now.Add(time.Hour)
					compareSigned(t, i.certifier, s, r)
				})
			}
		}
		t.Run(keyName+", CA", func(t *testing.T) {
			s := testSettings(t, key, "")
			p := testKey(t, s)
			policy := &config.Signing{Default: &config.SigningProfile{Usage: []string{"cert sign", "crl sign"}, Expiry: time.Hour,
				CAConstraint: config.CAConstraint{IsCA: true, MaxPathLenZero: true}}}
			c, err := newCertifier(p.key, nil, policy)
			if err != nil {
				t.Fatal(err)
			}
			r := request{subject: csr.CertificateRequest{CN: "ca", Names: names}, notBefore: now, notAfter: now.Add(time.Hour)}
			compareCertificates(t, c, p, r, policy.Default)
		})
	}
}

func compareSigned(t *testing.T, c *certifier, s *settings, r request) {
	profile := s.profiles[memberProfile]
	if r.profile != "" {
		profile = s.profiles[r.profile]
	}
	compareCertificates(t, c, testKey(t, s), r, profile)
}

func compareCertificates(t *testing.T, c *certifier, p *pair, r request, profile *config.SigningProfile) {
	t.Helper()
	ours, err := c.signTemplate(p.key.Public(), r, profile)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := c.signRequest(p.key, r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(content(t, theirs.Raw), content(t, ours.Raw)); diff != "" {
		t.Errorf("-cfssl +ours:\n%s", diff)
	}
}

// content is all of a certificate but its serial and its signature.
func content(t *testing.T, der []byte) any {
	t.Helper()
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	if bits := cert.SerialNumber.BitLen(); bits < 100 || bits > 159 {
		t.Errorf("a serial number of %d bits, want up to 159 random ones", bits)
	}
	return struct {
		Version, Algorithm       int
		Subject, Issuer, Key     []byte
		NotBefore, NotAfter      time.Time
		Extensions               any
		Usage                    x509.KeyUsage
		UnhandledOrUnknownUsages any
	}{cert.Version, int(cert.SignatureAlgorithm), cert.RawSubject, cert.RawIssuer, cert.RawSubjectPublicKeyInfo,
		cert.NotBefore, cert.NotAfter, cert.Extensions, cert.KeyUsage, cert.UnknownExtKeyUsage}
}

// A profile that has something to say against requests is obeyed.
func TestAProfileThatJudgesRequestsIsAsked(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	const usages = `"expiry": "24h", "usages": ["signing", "server auth", "client auth"]`
	for _, test := range []struct{ name, more, want string }{
		{"names", `, "name_whitelist": "^web"`, "the cfssl profile does not allow this certificate: Request does not match policy whitelist"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := testSettings(t, spec.Key{Algorithm: "ecdsa", Size: 256}, `{"signing": {"default": {`+usages+test.more+`}}}`)
			ca, err := s.issueCA("ca", now)
			if err != nil {
				t.Fatal(err)
			}
			i, err := s.newIssuer(ca)
			if err != nil {
				t.Fatal(err)
			}
			r := request{subject: csr.CertificateRequest{CN: "node-1"}, profile: memberProfile, notBefore: now, notAfter: now.Add(time.Hour)}
			err = i.certifier.sign(testKey(t, s), r)
			if err == nil || len(err.Error()) < len(test.want) || err.Error()[:len(test.want)] != test.want {
				t.Errorf("error %v, want %s", err, test.want)
			}
		})
	}
}

func testKey(t *testing.T, s *settings) *pair {
	t.Helper()
	p, err := s.newKey()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// testSettings are those of a spec with a key and, unless it is empty, a ca-config.json.
func testSettings(t *testing.T, key spec.Key, config string) *settings {
	t.Helper()
	silenceCFSSL()
	p := spec.PKI{Key: key, CALifetime: spec.Duration(48 * time.Hour), LeafLifetime: spec.Duration(24 * time.Hour)}
	if config != "" {
		if !json.Valid([]byte(config)) {
			t.Fatalf("no JSON: %s", config)
		}
		p.CFSSL.Config = filepath.Join(t.TempDir(), "ca-config.json")
		if err := os.WriteFile(p.CFSSL.Config, []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := newSettings(p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

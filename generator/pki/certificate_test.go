package pki_test

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

// text shows all of a certificate that is ours to decide.
func text(name string, cert *x509.Certificate) string {
	var b strings.Builder
	line := func(key string, value any) { fmt.Fprintf(&b, "  %-18s%v\n", key, value) }
	fmt.Fprintln(&b, name)
	line("subject", cert.Subject)
	line("issuer", cert.Issuer)
	line("serial", cert.SerialNumber.Text(16))
	line("not before", cert.NotBefore)
	line("not after", cert.NotAfter)
	line("key", publicKey(cert))
	line("signature", cert.SignatureAlgorithm)
	line("key usage", keyUsages(cert.KeyUsage))
	line("extended usage", cert.ExtKeyUsage)
	line("CA", fmt.Sprintf("%v, path length %d", cert.IsCA, cert.MaxPathLen))
	line("subject key", hex.EncodeToString(cert.SubjectKeyId))
	line("authority key", hex.EncodeToString(cert.AuthorityKeyId))
	line("DNS names", cert.DNSNames)
	line("addresses", cert.IPAddresses)
	return b.String()
}

func publicKey(cert *x509.Certificate) string {
	switch key := cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Params().Name
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	}
	return fmt.Sprintf("%T", cert.PublicKey)
}

func keyUsages(u x509.KeyUsage) (names []string) {
	for i, name := range []string{"digitalSignature", "contentCommitment", "keyEncipherment", "dataEncipherment", "keyAgreement",
		"keyCertSign", "cRLSign", "encipherOnly", "decipherOnly"} {
		if u&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return names
}

func bundleText(t testing.TB, b *pki.Bundle) string {
	m := b.Members["node-1"]
	var all string
	for _, c := range []struct {
		name    string
		certPEM []byte
	}{
		{"ca", b.CA.CertPEM}, {"peer-ca", b.PeerCA.CertPEM}, {"server", m.Server.CertPEM}, {"peer", m.Peer.CertPEM},
		{"client app", b.Clients["app"].CertPEM}, {"client verify", b.Clients["verify"].CertPEM},
	} {
		all += text(c.name, parse(t, c.certPEM))
	}
	return all
}

// oneMember is a cluster that uses all that pki reads.
func oneMember() *spec.Cluster {
	c := pkitest.Cluster()
	c.Name = "prod"
	c.Members = []spec.Member{{
		Name: "node-1", Address: "node-1.etcd.example.com", Addresses: []string{"10.0.0.1", "2001:DB8::0:1"},
		DNSNames: []string{"etcd.example.com", "node-1"},
	}}
	c.Clients = []spec.Client{{Name: "app", CommonName: "app-user", Organization: "apps"}}
	c.PKI.CALifetime, c.PKI.LeafLifetime = spec.Duration(10*year), spec.Duration(year)
	c.PKI.Subject = spec.Subject{Country: "DE", State: "BE", Locality: "Berlin", Organization: "Example", OrganizationalUnit: "Ops"}
	return c
}

func TestCertificatesAreExact(t *testing.T) {
	for _, key := range []spec.Key{{Algorithm: "ecdsa", Size: 256}, {Algorithm: "ecdsa", Size: 384}, {Algorithm: "rsa", Size: 2048}} {
		name := fmt.Sprintf("%s-%d", key.Algorithm, key.Size)
		t.Run(name, func(t *testing.T) {
			sameEveryTime(t)
			c := oneMember()
			c.PKI.Key = key
			bundle, _, err := ensure(t, filepath.Join(t.TempDir(), "pki"), c, pkitest.Clock())
			if err != nil {
				t.Fatal(err)
			}
			goldenfile.Compare(t, filepath.Join("testdata", "certificates-"+name+".txt"), []byte(bundleText(t, bundle)))
		})
	}
}

func TestEveryChainVerifiesForItsUsesAndNoOther(t *testing.T) {
	b := pkitest.Bundle(t)
	m := b.Members["master2"]
	server, client := x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth
	for _, test := range []struct {
		name  string
		leaf  pki.Leaf
		ca    pki.Authority
		usage x509.ExtKeyUsage
		host  string
		ok    bool
	}{
		{"server leaf serves its address", m.Server, b.CA, server, "10.140.0.3", true},
		{"server leaf serves its name", m.Server, b.CA, server, "master2", true},
		{"server leaf serves localhost", m.Server, b.CA, server, "localhost", true},
		{"server leaf serves ::1", m.Server, b.CA, server, "::1", true},
		{"server leaf dials for the gateway", m.Server, b.CA, client, "", true},
		{"server leaf is no other member", m.Server, b.CA, server, "10.140.0.4", false},
		{"server leaf is no peer", m.Server, b.PeerCA, client, "", false},
		{"peer leaf serves", m.Peer, b.PeerCA, server, "10.140.0.3", true},
		{"peer leaf dials", m.Peer, b.PeerCA, client, "", true},
		{"peer leaf is no client", m.Peer, b.CA, client, "", false},
		{"client leaf dials", b.Clients["verify"], b.CA, client, "", true},
		{"client leaf does not serve", b.Clients["verify"], b.CA, server, "", false},
		{"client leaf is no peer", b.Clients["verify"], b.PeerCA, client, "", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			roots := x509.NewCertPool()
			roots.AddCert(parse(t, test.ca.CertPEM))
			_, err := parse(t, test.leaf.CertPEM).Verify(x509.VerifyOptions{
				Roots: roots, DNSName: test.host, CurrentTime: pkitest.Clock(), KeyUsages: []x509.ExtKeyUsage{test.usage},
			})
			if (err == nil) != test.ok {
				t.Errorf("verified %v, want %v: %v", err == nil, test.ok, err)
			}
		})
	}
}

// What is told of a certificate without parsing it is what it says, be it new or read from the folder.
func TestFactsAreTheCertificates(t *testing.T) {
	dir := t.TempDir() + "/pki"
	c := oneMember()
	c.PKI.Backdate = spec.Duration(90*time.Minute + time.Millisecond)
	for _, way := range []string{"new", "read"} {
		b, _, err := ensure(t, dir, c, pkitest.Clock().In(time.FixedZone("elsewhere", 3600)))
		if err != nil {
			t.Fatal(err)
		}
		m := b.Members["node-1"]
		for name, of := range map[string]struct {
			certPEM []byte
			facts   pki.Facts
		}{
			"ca":      {b.CA.CertPEM, b.CA.Facts},
			"peer-ca": {b.PeerCA.CertPEM, b.PeerCA.Facts},
			"server":  {m.Server.CertPEM, m.Server.Facts},
			"peer":    {m.Peer.CertPEM, m.Peer.Facts},
			"verify":  {b.Clients["verify"].CertPEM, b.Clients["verify"].Facts},
		} {
			cert := parse(t, of.certPEM)
			want := pki.Facts{SHA256: sha256.Sum256(cert.Raw), NotBefore: cert.NotBefore, NotAfter: cert.NotAfter}
			if of.facts != want {
				t.Errorf("%s, %s: %v, want %v", name, way, of.facts, want)
			}
		}
	}
}

// A real handshake, as etcd does it: the server demands a client certificate from its CA.
func TestTLSHandshakes(t *testing.T) {
	b := pkitest.Bundle(t)
	m1, m2 := b.Members["master1"], b.Members["master2"]
	for _, test := range []struct {
		name           string
		server, client pki.Leaf
		ca             pki.Authority
		ok             bool
	}{
		{"a client is let in by a server", m1.Server, b.Clients["verify"], b.CA, true},
		{"a member is let in by its own server", m1.Server, m1.Server, b.CA, true},
		{"a peer is let in by a peer", m1.Peer, m2.Peer, b.PeerCA, true},
		{"a peer is let in by a peer, the other way", m2.Peer, m1.Peer, b.PeerCA, true},
		{"a client is refused by a peer", m1.Peer, b.Clients["verify"], b.PeerCA, false},
		{"a peer is refused by a server", m1.Server, m2.Peer, b.CA, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := handshake(t, test.server, test.client, test.ca)
			want := "<nil>"
			if !test.ok {
				want = "remote error: tls: unknown certificate authority"
			}
			if fmt.Sprint(err) != want {
				t.Errorf("%v, want %s", err, want)
			}
		})
	}
}

// handshake returns the client's error; under TLS 1.3 a refusal arrives at its first read.
func handshake(t *testing.T, server, client pki.Leaf, ca pki.Authority) error {
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(ca.CertPEM)
	config := func(l pki.Leaf) *tls.Config {
		pair, err := tls.X509KeyPair(l.CertPEM, l.KeyPEM)
		if err != nil {
			t.Fatal(err)
		}
		return &tls.Config{
			Certificates: []tls.Certificate{pair}, RootCAs: pool, ClientCAs: pool, ServerName: "localhost",
			ClientAuth: tls.RequireAndVerifyClientCert, Time: pkitest.Clock,
			// Send the certificate even to a server that does not name its CA, as a wrong client would.
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil },
		}
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config(server))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = io.WriteString(conn, "welcome")
	}()
	raw, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	conn := tls.Client(raw, config(client))
	_, err = io.ReadFull(conn, make([]byte, len("welcome")))
	return err
}

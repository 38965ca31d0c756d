package etcdtest

import (
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
)

// Cluster is a cluster of real etcd processes.
type Cluster struct {
	CA, PeerCA *CA
	// Verifier is the client certificate of the verifier, with the common name root.
	Verifier Leaf
	Members  []*Member
	Version  string
	t        testing.TB
	etcd     string
}

// New prepares a cluster of n members m1, m2, … that run the etcd binary; nothing is started, so a test can change members
// first. Everything ends with the test.
func New(t testing.TB, etcd, version string, n int) *Cluster {
	t.Helper()
	c := &Cluster{CA: NewCA(t, "test CA"), PeerCA: NewCA(t, "test peer CA"), t: t, etcd: etcd, Version: version}
	verifier := Template("root")
	verifier.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	c.Verifier = c.CA.Issue(t, verifier)
	var net [2]byte
	rand.Read(net[:]) // never fails
	for i := range n {
		// All of 127/8 is loopback: a random net for each cluster lets tests run side by side on etcd's own ports.
		ip := fmt.Sprintf("127.%d.%d.%d", 1+int(net[0])%254, net[1], i+1)
		c.Members = append(c.Members, c.newMember(fmt.Sprintf("m%d", i+1), ip))
	}
	return c
}

// Start starts every member and waits until each of them has joined a quorum.
func (c *Cluster) Start() {
	c.t.Helper()
	for _, m := range c.Members {
		m.Start()
	}
	for _, m := range c.Members {
		m.WaitReady()
	}
}

// InitialCluster is etcd's initial-cluster flag for the members.
func (c *Cluster) InitialCluster() string {
	var list []string
	for _, m := range c.Members {
		list = append(list, m.Name+"="+m.PeerURL)
	}
	return strings.Join(list, ",")
}

// Expect is the expectation that the cluster meets as it was prepared.
func (c *Cluster) Expect() *expect.Cluster {
	e := &expect.Cluster{
		Schema: expect.Schema, Name: "test", Token: "test", EtcdVersion: c.Version,
		CA: certificate(c.CA.Cert), PeerCA: certificate(c.PeerCA.Cert),
		Clients: []expect.Client{{Name: "verify", Certificate: certificate(c.Verifier.Cert)}},
	}
	for _, m := range c.Members {
		e.Members = append(e.Members, expect.Member{
			Name: m.Name, PeerURLs: []string{m.PeerURL}, ClientURLs: []string{m.ClientURL},
			Server: certificate(m.Server.Cert), Peer: certificate(m.Peer.Cert),
		})
	}
	return e
}

// Credentials are the verifier's.
func (c *Cluster) Credentials() verify.Credentials {
	return verify.Credentials{CA: c.CA.PEM, Cert: c.Verifier.CertPEM, Key: c.Verifier.KeyPEM}
}

// Env are etcdctl's variables for the leaf, with its files in a folder of the test.
func (c *Cluster) Env(leaf Leaf) []string {
	c.t.Helper()
	dir := c.t.TempDir()
	var env []string
	for name, data := range map[string][]byte{
		"ETCDCTL_CACERT": c.CA.PEM, "ETCDCTL_CERT": leaf.CertPEM, "ETCDCTL_KEY": leaf.KeyPEM,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			c.t.Fatal(err)
		}
		env = append(env, name+"="+path)
	}
	return env
}

// Endpoints are the client URLs of all members.
func (c *Cluster) Endpoints() []string {
	var urls []string
	for _, m := range c.Members {
		urls = append(urls, m.ClientURL)
	}
	return urls
}

// Member is the member with the name.
func (c *Cluster) Member(name string) *Member {
	i := slices.IndexFunc(c.Members, func(m *Member) bool { return m.Name == name })
	return c.Members[i]
}

// Add prepares one more member m<n+1>, which joins an existing cluster; the test adds and starts it.
func (c *Cluster) Add() *Member {
	last := c.Members[len(c.Members)-1]
	prefix := last.IP[:strings.LastIndexByte(last.IP, '.')]
	n := len(c.Members) + 1
	m := c.newMember(fmt.Sprintf("m%d", n), fmt.Sprintf("%s.%d", prefix, n))
	m.Flags["initial-cluster-state"] = "existing"
	return m
}

func certificate(c *x509.Certificate) expect.Certificate {
	return expect.Certificate{SHA256: facts.Fingerprint(c), NotBefore: c.NotBefore, NotAfter: c.NotAfter}
}

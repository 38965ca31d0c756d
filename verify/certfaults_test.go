package verify_test

import (
	"crypto/x509"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/collect"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/report"
)

// server gives the member another server certificate by the template.
func server(c *etcdtest.Cluster, name string, change func(*x509.Certificate)) func(*testing.T, *etcdtest.CA) {
	return func(t *testing.T, ca *etcdtest.CA) {
		m := c.Member(name)
		template := etcdtest.Template(name, name, m.IP, "localhost", "127.0.0.1")
		change(template)
		m.Server = ca.Issue(t, template)
	}
}

func same(*x509.Certificate) {}

func expired(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(-48*time.Hour), time.Now().Add(-24*time.Hour)
}

func notYet(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(24*time.Hour), time.Now().Add(48*time.Hour)
}

func soon(c *x509.Certificate) {
	c.NotBefore, c.NotAfter = time.Now().Add(-300*24*time.Hour), time.Now().Add(10*24*time.Hour)
}

func wrongCertificates() []fault {
	return []fault{
		{
			name: "another certificate than was made for the member", members: 1, want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect.Members[0].Server = o.Expect.Members[0].Peer
			},
			blame: []string{"fail identity m1: server certificate: fingerprint"},
		},
		{
			name: "another peer certificate than was made for the member", members: 1, want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect.Members[0].Peer = o.Expect.Members[0].Server
			},
			blame: []string{"fail identity m1: peer certificate: fingerprint"},
		},
		{
			name: "a certificate without its own address", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				server(c, "m1", func(x *x509.Certificate) { x.IPAddresses = x.IPAddresses[1:] })(t, c.CA)
			},
			blame: []string{"fail identity m1: server certificate: names"},
		},
		{
			name: "a server certificate without clientAuth", members: 1, want: report.Pass,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				server(c, "m1", func(x *x509.Certificate) { x.ExtKeyUsage = x.ExtKeyUsage[:1] })(t, c.CA)
			},
			blame: []string{"warn identity m1: server certificate: usages"},
		},
		{
			name: "a server certificate without clientAuth, strictly", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				server(c, "m1", func(x *x509.Certificate) { x.ExtKeyUsage = x.ExtKeyUsage[:1] })(t, c.CA)
			},
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) { o.Strict = true },
			blame:  []string{"warn identity m1: server certificate: usages"},
		},
		{
			name: "an expired certificate", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) { server(c, "m1", expired)(t, c.CA) },
			blame:  []string{"fail identity m1: server certificate: validity"},
		},
		{
			name: "a certificate that is not valid yet", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) { server(c, "m1", notYet)(t, c.CA) },
			blame:  []string{"fail identity m1: server certificate: validity"},
		},
		{
			name: "a certificate that ends soon", members: 1, want: report.Pass,
			before: func(t *testing.T, c *etcdtest.Cluster) { server(c, "m1", soon)(t, c.CA) },
			blame:  []string{"warn identity m1: server certificate: validity"},
		},
		{
			name: "a certificate from another CA", want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) { server(c, "m2", same)(t, etcdtest.NewCA(t, "another CA")) },
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect, o.Endpoints = nil, c.Endpoints()
			},
			blame: []string{"fail identity m2: server certificate: CA", "warn consensus cluster: tolerance"},
		},
		{
			name: "a certificate of its own making (auto-tls)", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				f := c.Member("m1").Flags
				f["auto-tls"] = "true"
				for _, name := range []string{"cert-file", "key-file", "trusted-ca-file", "client-cert-auth"} {
					delete(f, name)
				}
			},
			blame: []string{
				"fail identity m1: server certificate: fingerprint", "fail closed m1: client port with no certificate",
			},
		},
	}
}

func openDoors() []fault {
	return []fault{
		{
			name: "clients without a certificate are let in", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				delete(c.Member("m1").Flags, "client-cert-auth")
				delete(c.Member("m1").Flags, "trusted-ca-file")
			},
			blame: []string{"fail closed m1: client port with no certificate"},
		},
		{
			name: "peers without a certificate are let in", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				delete(c.Member("m1").Flags, "peer-client-cert-auth")
				delete(c.Member("m1").Flags, "peer-trusted-ca-file")
			},
			blame: []string{"fail closed m1: peer port with no certificate"},
		},
		{
			name: "clients' certificates open the peer port", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				f := c.Member("m1").Flags
				f["peer-trusted-ca-file"] = f["trusted-ca-file"]
			},
			blame: []string{"fail closed m1: peer port with a client certificate"},
		},
		{
			name: "a peer port in plain http", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				m := c.Member("m1")
				m.PeerURL = "http://" + m.IP + ":2380"
				m.Flags["listen-peer-urls"], m.Flags["initial-advertise-peer-urls"] = m.PeerURL, m.PeerURL
			},
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect.Members[0].PeerURLs = []string{"https://" + c.Member("m1").IP + ":2380"}
			},
			blame: []string{"fail closed m1: peer port with plaintext", "fail membership m1: row in the member list"},
		},
		{
			name: "a client port in plain http", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				plainClients(c.Member("m1"))
			},
			noStart: true,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				c.Member("m1").Start()
				waitListening(t, c.Member("m1"))
			},
			blame: []string{"fail reach m1: endpoint", "fail closed m1: client port with plaintext"},
		},
		{
			name: "a client port in plain http, asked for as such", members: 1, want: report.Fail, noStart: true,
			before: func(t *testing.T, c *etcdtest.Cluster) { plainClients(c.Member("m1")) },
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				c.Member("m1").Start()
				waitListening(t, c.Member("m1"))
				o.Expect, o.Endpoints = nil, []string{"http://" + c.Member("m1").IP + ":2379"}
			},
			blame: []string{"fail closed m1: client port with plaintext"},
		},
		{
			name: "a further listener without TLS is advertised", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				f, ip := c.Member("m1").Flags, c.Member("m1").IP
				f["listen-client-urls"] += ",http://" + ip + ":2381"
				f["advertise-client-urls"] += ",http://" + ip + ":2381"
			},
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect, o.Endpoints = nil, c.Endpoints()
			},
			blame: []string{"fail closed m1: advertised URLs"},
		},
		{
			name: "https is asked of us", members: 1, want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect, o.Endpoints = nil, []string{"http://" + c.Member("m1").IP + ":2379"}
			},
			blame: []string{"fail reach %m1%: endpoint"},
		},
	}
}

func plainClients(m *etcdtest.Member) {
	u := "http://" + m.IP + ":2379"
	m.Flags["listen-client-urls"], m.Flags["advertise-client-urls"] = u, u
	for _, name := range []string{"cert-file", "key-file", "trusted-ca-file", "client-cert-auth"} {
		delete(m.Flags, name)
	}
}

func wrongCredentials() []fault {
	undetermined := []string{"undetermined reach m1: endpoint"}
	return []fault{
		{
			name: "our client certificate is from a CA that the cluster does not know", members: 1, want: report.Undetermined,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				leaf := etcdtest.NewCA(t, "another CA").Issue(t, etcdtest.Template("root"))
				o.Credentials.Cert, o.Credentials.Key = leaf.CertPEM, leaf.KeyPEM
			},
			blame: undetermined,
		},
		{
			name: "we have no client certificate", members: 1, want: report.Undetermined,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Credentials.Cert, o.Credentials.Key = nil, nil
			},
			blame: undetermined,
		},
		{
			name: "our client certificate has expired", members: 1, want: report.Undetermined,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				template := etcdtest.Template("root")
				expired(template)
				leaf := c.CA.Issue(t, template)
				o.Credentials.Cert, o.Credentials.Key = leaf.CertPEM, leaf.KeyPEM
			},
			blame: undetermined,
		},
		{
			name: "one member refuses the certificate that the others take", want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				c.Member("m2").Flags["trusted-ca-file"] = c.Member("m2").Flags["peer-trusted-ca-file"]
			},
			noStart: true,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				for _, m := range c.Members {
					m.Start()
				}
				c.Member("m1").WaitReady()
				c.Member("m3").WaitReady()
				waitListening(t, c.Member("m2"))
			},
			blame: []string{"fail reach m2: endpoint", "warn consensus cluster: tolerance"},
		},
		{
			name: "the given CA is not the one that is expected", members: 1, want: report.Undetermined,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Credentials.CA = etcdtest.NewCA(t, "another CA").PEM
			},
			blame: []string{"undetermined identity cluster: given CA"},
		},
		{
			name: "no member has a certificate from the given CA", members: 1, want: report.Undetermined,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect, o.Endpoints = nil, c.Endpoints()
				o.Credentials.CA = etcdtest.NewCA(t, "another CA").PEM
			},
			blame: []string{"undetermined identity %m1%: server certificate: CA"},
		},
		{
			name: "authentication is on and our certificate is nobody's", members: 1, want: report.Undetermined,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				enableAuth(t, c)
				template := etcdtest.Template("nobody")
				leaf := c.CA.Issue(t, template)
				o.Credentials.Cert, o.Credentials.Key = leaf.CertPEM, leaf.KeyPEM
			},
			blame: []string{"undetermined canary cluster: canary"},
		},
		{
			name: "authentication is on and our certificate is root's", members: 1, want: report.Pass,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) { enableAuth(t, c) },
		},
		{
			name: "authentication is on and our certificate has the least rights", members: 1, want: report.Pass,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				leastRights(t, c, "verify")
				enableAuth(t, c)
				leaf := c.CA.Issue(t, etcdtest.Template("verify"))
				o.Credentials.Cert, o.Credentials.Key = leaf.CertPEM, leaf.KeyPEM
			},
		},
		{
			name: "authentication is on and we give a name and a password", members: 1, want: report.Pass,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				enableAuth(t, c)
				leaf := c.CA.Issue(t, etcdtest.Template(""))
				o.Credentials.Cert, o.Credentials.Key = leaf.CertPEM, leaf.KeyPEM
				o.Username, o.Password = "root", "secret"
			},
		},
	}
}

// leastRights makes the user and the role of docs/verify.md.
func leastRights(t *testing.T, c *etcdtest.Cluster, name string) {
	t.Helper()
	client := c.Client(c.Member("m1"))
	prefix := collect.CanaryPrefix
	readWrite := clientv3.PermissionType(clientv3.PermReadWrite)
	steps := []func() error{
		func() error { _, err := client.RoleAdd(t.Context(), name); return err },
		func() error {
			_, err := client.RoleGrantPermission(t.Context(), name, prefix, clientv3.GetPrefixRangeEnd(prefix), readWrite)
			return err
		},
		func() error {
			_, err := client.UserAddWithOptions(t.Context(), name, "", &clientv3.UserAddOptions{NoPassword: true})
			return err
		},
		func() error { _, err := client.UserGrantRole(t.Context(), name, name); return err },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

func enableAuth(t *testing.T, c *etcdtest.Cluster) {
	t.Helper()
	addRoot(t, c)
	_, err := c.Client(c.Member("m1")).AuthEnable(t.Context())
	must(t, err)
}

// addRoot adds the user and the role that authentication needs.
func addRoot(t *testing.T, c *etcdtest.Cluster) {
	t.Helper()
	client := c.Client(c.Member("m1"))
	steps := []func() error{
		func() error { _, err := client.RoleAdd(t.Context(), "root"); return err },
		func() error { _, err := client.UserAdd(t.Context(), "root", "secret"); return err },
		func() error { _, err := client.UserGrantRole(t.Context(), "root", "root"); return err },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
}

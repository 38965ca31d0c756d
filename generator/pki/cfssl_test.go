package pki_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

// The tutorial's own files are honoured: lifetime and usages of the profile, names and key of the request, and its CA's end.
func TestTheTutorialsCFSSLFilesDecideHowLeavesAreIssued(t *testing.T) {
	sameEveryTime(t)
	c := tutorialCluster(t)
	c.Members = []spec.Member{{Name: "node-1", Address: "10.140.0.2"}}
	c.Clients = []spec.Client{{Name: "app", CommonName: "app", Organization: "apps"}}
	c.PKI.CFSSL = spec.CFSSLFiles{Config: tutorial(t, "ca-config.json"), Profile: "etcd", CSR: tutorial(t, "etcd-csr.json")}
	c.PKI.Subject.Organization = "not used"
	dir := filepath.Join(t.TempDir(), "pki")
	bundle, _, err := ensure(t, dir, c, tutorialTime())
	if err != nil {
		t.Fatal(err)
	}
	goldenfile.Compare(t, filepath.Join("testdata", "certificates-tutorial.txt"), []byte(bundleText(t, bundle)))
	want := []string{
		"what was issued is valid until 2031-11-22 01:03 UTC only, when its CA (etcd CA) expires",
		c.PKI.CFSSL.CSR + ": only names and key are used, since every certificate has its own CN and hosts",
	}
	if diff := cmp.Diff(want, bundle.Notes); diff != "" {
		t.Error(diff)
	}
	bundle, changes, err := ensure(t, dir, c, tutorialTime())
	if err != nil || len(changes) > 0 || len(bundle.Notes) > 0 {
		t.Errorf("second run: changes %v, notes %q, error %v, want none", changes, bundle.Notes, err)
	}
}

func TestAProfileGivesLifetimeAndBackdate(t *testing.T) {
	c, path := withConfig(t, `{"signing": {"default": {"expiry": "48h", "backdate": "2h", "usages": ["signing", "server auth",
		"client auth"]}}}`)
	bundle, _, err := ensure(t, filepath.Join(filepath.Dir(path), "pki"), c, pkitest.Clock())
	if err != nil {
		t.Fatal(err)
	}
	cert := parse(t, bundle.Members["master1"].Server.CertPEM)
	want := "2025-12-31 22:00:00 +0000 UTC to 2026-01-03 00:00:00 +0000 UTC"
	if got := cert.NotBefore.String() + " to " + cert.NotAfter.String(); got != want {
		t.Errorf("valid from %s, want %s", got, want)
	}
}

func TestBadCFSSLFilesAreRefused(t *testing.T) {
	const usages = `"usages": ["signing", "server auth", "client auth"]`
	const both = `must have both "server auth" and "client auth" in usages: etcd members dial each other, and etcd's gateway its own ` +
		`server, with the certificate that they serve`
	const network = "sends requests over the network (remote, auth_remote or ct_log_servers): choose one that signs here"
	for _, test := range []struct{ name, config, profile, want string }{
		{"no file", "", "", "pki.cfssl.config: stat CONFIG: no such file or directory"},
		{"no JSON", "signing:", "", "pki.cfssl.config: CONFIG is not a cfssl signing configuration: failed to " +
			"unmarshal configuration: invalid character 's' looking for beginning of value"},
		{"no such profile", `{"signing": {"profiles": {"b": {"expiry": "1h", ` + usages + `}, "a": {"expiry": "1h", ` + usages + `}}}}`,
			"etcd", `pki.cfssl.profile: CONFIG has no profile "etcd", but: a, b`},
		{"server only", read(t, tutorial(t, "ca-config.json")), "server", `pki.cfssl.config: CONFIG: profile "server" ` + both},
		{"no usages", read(t, tutorial(t, "ca-config.json")), "", `pki.cfssl.config: CONFIG: profile "default" ` + both},
		{"unknown usage", `{"signing": {"default": {"expiry": "1h", "usages": ["server auth", "client auth", "sever auth"]}}}`, "",
			`pki.cfssl.config: CONFIG: profile "default" has usages that cfssl does not know: sever auth`},
		{"CA profile", `{"signing": {"default": {"expiry": "1h", ` + usages + `, "ca_constraint": {"is_ca": true}}}}`, "",
			`pki.cfssl.config: CONFIG: profile "default" makes CAs (ca_constraint.is_ca): choose one for leaves`},
		{"logs", `{"signing": {"default": {"expiry": "1h", ` + usages + `, "ct_log_servers": ["https://ct.example.com"]}}}`, "",
			`pki.cfssl.config: CONFIG: profile "default" ` + network},
		{"remote", `{"remotes": {"r": "127.0.0.1:1"}, "signing": {"default": {"remote": "r", ` + usages + `}}}`, "",
			`pki.cfssl.config: CONFIG: profile "default" ` + network},
		{"whitelist", `{"signing": {"default": {"expiry": "1h", ` + usages + `, "name_whitelist": "^web"}}}`, "",
			"members/master1/server: the cfssl profile does not allow this certificate: Request does not match policy whitelist"},
		{"expired at once", `{"signing": {"default": {"expiry": "1h", "not_after": "2025-01-01T00:00:00Z", ` + usages + `}}}`, "",
			"members/master1/server would have expired on 2025-01-01 00:00 UTC: correct the lifetime or not_after that it is issued by"},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, path := withConfig(t, test.config)
			c.PKI.CFSSL.Profile = test.profile
			_, _, err := ensure(t, filepath.Join(filepath.Dir(path), "pki"), c, pkitest.Clock())
			checkError(t, replaced(err, strings.NewReplacer(path, "CONFIG")), pki.ErrInvalid, test.want)
		})
	}
}

func TestABadCFSSLRequestIsRefused(t *testing.T) {
	for _, test := range []struct{ name, csr, want string }{
		{"no file", "", "pki.cfssl.csr: stat CSR: no such file or directory"},
		{"no JSON", "x", "pki.cfssl.csr: CSR: invalid character 'x' looking for beginning of value"},
		{"weak key", `{"key": {"algo": "rsa", "size": 1024}}`,
			`pki.cfssl.csr: CSR: key "rsa" of size 1024 is not one of ecdsa 256, 384 and rsa 2048, 3072, 4096`},
		{"other key", `{"key": {"algo": "ed25519"}}`,
			`pki.cfssl.csr: CSR: key "ed25519" of size 0 is not one of ecdsa 256, 384 and rsa 2048, 3072, 4096`},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			path := filepath.Join(dir, "csr.json")
			if test.csr != "" {
				writeFile(t, path, test.csr)
			}
			c := pkitest.Cluster()
			c.PKI.CFSSL.CSR = path
			_, _, err := ensure(t, filepath.Join(dir, "pki"), c, pkitest.Clock())
			checkError(t, replaced(err, strings.NewReplacer(path, "CSR")), pki.ErrInvalid, test.want)
		})
	}
}

// withConfig is the example of one member with a ca-config.json, which is not there where it is empty.
func withConfig(t *testing.T, config string) (c *spec.Cluster, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "ca-config.json")
	if config != "" {
		writeFile(t, path, config)
	}
	c = pkitest.Cluster()
	c.Members = c.Members[:1]
	c.PKI.CFSSL.Config = path
	return c, path
}

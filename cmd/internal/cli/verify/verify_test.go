package verifycmd

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// run runs the command with a clean environment.
func run(env map[string]string, args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	s := cli.Streams{In: strings.NewReader(""), Out: &out, Err: &errs}
	code = cli.Run(newCommand(s, func(name string) string { return env[name] }), args, s)
	return code, out.String(), errs.String()
}

// expectation writes an expectation whose only member is where nothing listens.
func expectation(t *testing.T, dir string) string {
	t.Helper()
	cert := expect.Certificate{SHA256: strings.Repeat("0a", 32)}
	data, err := json.Marshal(expect.Cluster{
		Schema: expect.Schema, Name: "test", CA: cert, PeerCA: cert,
		Members: []expect.Member{{
			Name: "m1", ClientURLs: []string{"https://127.0.0.1:1"}, PeerURLs: []string{"https://127.0.0.1:2"},
			Server: cert, Peer: cert,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, filepath.Join(dir, "expect.json"), data)
}

func write(t *testing.T, path string, data []byte) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBadUsageExitsWithTwoAndSaysWhatToDo(t *testing.T) {
	dir := t.TempDir()
	good, empty := expectation(t, dir), write(t, filepath.Join(dir, "empty"), nil)
	for _, test := range []struct {
		name string
		env  map[string]string
		args []string
		want string
	}{
		{"nothing to verify", nil, nil,
			"nothing to verify: give --expect out/expect.json, or --endpoints\nsee etcd-verify --help"},
		{"an argument", nil, []string{"x"}, "unexpected argument \"x\"\nsee etcd-verify --help"},
		{"an unknown flag", nil, []string{"--x"}, "unknown flag: --x\nsee etcd-verify --help"},
		{"an unknown format", nil, []string{"--expect", good, "-o", "xml"}, `--output "xml" is not one of table, json, junit, tap, nagios, prometheus, github, markdown, html`},
		{"no such expectation", nil, []string{"--expect", dir + "/none"},
			"reading the expectation: open " + dir + "/none: no such file or directory"},
		{"an empty expectation", nil, []string{"--expect", empty},
			empty + ": not an expectation (the expect.json that `etcdbake generate` writes): unexpected end of JSON input"},
		{"a bad endpoint", map[string]string{"ETCDCTL_ENDPOINTS": "h"}, nil,
			`endpoint "h" is not host:port or a URL like https://10.140.0.2:2379`},
		{"no such CA", nil, []string{"--expect", good, "--cacert", dir + "/none"},
			"--cacert: open " + dir + "/none: no such file or directory"},
		{"an empty CA by the environment", map[string]string{"ETCDCTL_CACERT": empty}, []string{"--expect", good},
			"--cacert: " + empty + " is empty"},
		{"a CA that is none", nil, []string{"--expect", good, "--cacert", good},
			"CA certificate: holds no certificate in PEM form"},
		{"a user without a password", nil, []string{"--expect", good, "--user", "root"},
			"--user needs a name and a password: name:password, or the password in ETCDCTL_PASSWORD"},
		{"no time", nil, []string{"--expect", good, "--timeout", "0s"}, "--timeout 0s is not positive"},
		{"negative waiting", nil, []string{"--expect", good, "--wait", "-1s"}, "--wait -1s is negative"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := run(test.env, test.args...)
			if code != cli.ExitUsage || stdout != "" {
				t.Errorf("exit %d with stdout %q, want 2 and nothing", code, stdout)
			}
			if diff := cmp.Diff("etcd-verify: "+test.want+"\n", stderr); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAClusterThatIsDownExitsWithOneAndOneDocument(t *testing.T) {
	path := expectation(t, t.TempDir())
	code, stdout, stderr := run(nil, "--expect", path, "--output", "json")
	if code != cli.ExitFailed || stderr != "" {
		t.Errorf("exit %d with stderr %q, want 1 and nothing", code, stderr)
	}
	d := json.NewDecoder(strings.NewReader(stdout))
	var r struct{ Schema, Verdict string }
	if err := d.Decode(&r); err != nil || d.More() || r.Schema != "etcdbake.report/v1" || r.Verdict != "fail" {
		t.Errorf("stdout is not one report that fails (%v): %s", err, stdout)
	}
}

func TestWaitingIsToldOnStderr(t *testing.T) {
	path := expectation(t, t.TempDir())
	code, stdout, stderr := run(nil, "--expect", path, "--wait", "300ms")
	if code != cli.ExitFailed || strings.Count(stdout, "FAIL test:") != 1 {
		t.Errorf("exit %d, want 1 and one report: %s", code, stdout)
	}
	want := "waiting (0s of 300ms): reach: m1: TCP: connection refused: nothing listens on 127.0.0.1:1 (and 1 more)\n"
	if stderr != want {
		t.Errorf("stderr is %q, want %q", stderr, want)
	}
}

func TestTheEnvironmentsEndpointsDoNotHideExpectedMembers(t *testing.T) {
	_, stdout, _ := run(map[string]string{"ETCDCTL_ENDPOINTS": "https://127.0.0.1:3"}, "--expect", expectation(t, t.TempDir()))
	if !strings.Contains(stdout, "https://127.0.0.1:1") || strings.Contains(stdout, "127.0.0.1:3") {
		t.Errorf("the endpoints are not those of the expectation:\n%s", stdout)
	}
}

func TestTheVerifiersOwnCertificateBesideTheExpectationIsTheDefault(t *testing.T) {
	dir := t.TempDir()
	path := expectation(t, filepath.Join(dir, "out"))
	cert, key := pair(t)
	pki := filepath.Join(dir, "pki")
	write(t, filepath.Join(pki, "ca.pem"), cert)
	write(t, filepath.Join(pki, "clients", "verify.pem"), cert)
	write(t, filepath.Join(pki, "clients", "verify-key.pem"), key)
	c := &command{getenv: func(string) string { return "" }, expect: path, options: verify.Options{Timeout: time.Second}}
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	got := c.options.Credentials
	if !slices.Equal(got.CA, cert) || !slices.Equal(got.Cert, cert) || !slices.Equal(got.Key, key) {
		t.Error("the credentials are not those of pki/")
	}
	c = &command{getenv: c.getenv, expect: path, cacert: filepath.Join(pki, "ca.pem"),
		options: verify.Options{Timeout: time.Second}}
	if err := c.complete(); err != nil {
		t.Fatal(err)
	}
	if c.options.Credentials.Cert != nil {
		t.Error("pki/ was used although --cacert was given")
	}
}

func TestTheUserIsReadAsEtcdctlReadsIt(t *testing.T) {
	env := map[string]string{"ETCDCTL_USER": "root", "ETCDCTL_PASSWORD": "a:b"}
	c := &command{getenv: func(name string) string { return env[name] }}
	if err := c.login(); err != nil || c.options.Username != "root" || c.options.Password != "a:b" {
		t.Errorf("got %q, %q, %v", c.options.Username, c.options.Password, err)
	}
	c.user = "alice:c:d"
	if err := c.login(); err != nil || c.options.Username != "alice" || c.options.Password != "c:d" {
		t.Errorf("got %q, %q, %v", c.options.Username, c.options.Password, err)
	}
}

func TestHelpVersionAndCompletionWork(t *testing.T) {
	for want, args := range map[string][]string{
		"etcd-verify --expect out/expect.json --wait 10m": {"--help"},
		"etcd-verify version " + cli.Version:              {"--version"},
		"bash completion V2 for etcd-verify":              {"completion", "bash"},
		"table\njson\n":                                   {"__complete", "--output", ""},
	} {
		if code, stdout, _ := run(nil, args...); code != 0 || !strings.Contains(stdout, want) {
			t.Errorf("%v: exit %d, no %q in:\n%s", args, code, want, stdout)
		}
	}
}

func pair(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER})
}

package expect_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/verify/expect"
)

func valid() expect.Cluster {
	cert := expect.Certificate{SHA256: strings.Repeat("0a", 32)}
	return expect.Cluster{
		Schema: expect.Schema, Name: "k8s-etcd",
		Members: []expect.Member{{
			Name: "master1", PeerURLs: []string{"https://10.140.0.2:2380"}, ClientURLs: []string{"https://10.140.0.2:2379"},
			Server: cert, Peer: cert,
		}},
	}
}

func TestAnExpectationIsReadBackAsItWasWritten(t *testing.T) {
	want := valid()
	data, err := json.Marshal(want)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "expect.json")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	got, err := expect.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got); diff != "" {
		t.Error(diff)
	}
}

func TestABadExpectationIsRefusedInWords(t *testing.T) {
	change := func(f func(*expect.Cluster)) string {
		c := valid()
		f(&c)
		data, err := json.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, test := range []struct{ name, data, want string }{
		{"empty", "", "not an expectation (the expect.json that `etcdbake generate` writes): unexpected end of JSON input"},
		{"another schema", `{"schema": "etcdbake.expect/v2"}`, `schema is "etcdbake.expect/v2", but this program reads ` +
			`"etcdbake.expect/v1"; use the etcd-verify that belongs to the etcdbake which wrote it`},
		{"no schema", `{}`, `schema is "", but this program reads "etcdbake.expect/v1"; use the etcd-verify that belongs to ` +
			`the etcdbake which wrote it`},
		{"an unknown key", `{"schema": "etcdbake.expect/v1", "x": 1}`, `not a valid expectation: json: unknown field "x"`},
		{"no members", change(func(c *expect.Cluster) { c.Members = nil }), "not a valid expectation: it has no members"},
		{"no name", change(func(c *expect.Cluster) { c.Members[0].Name = "" }), "not a valid expectation: members[0] has no name"},
		{"a name twice", change(func(c *expect.Cluster) { c.Members = append(c.Members, c.Members[0]) }),
			`not a valid expectation: two members are named "master1"`},
		{"no client URL", change(func(c *expect.Cluster) { c.Members[0].ClientURLs = nil }),
			`not a valid expectation: member "master1": client_urls is empty`},
		{"a bad peer URL", change(func(c *expect.Cluster) { c.Members[0].PeerURLs = []string{"10.140.0.2"} }),
			`not a valid expectation: member "master1": peer_urls: "10.140.0.2" is not a URL like https://10.140.0.2:2379`},
		{"a bad fingerprint", change(func(c *expect.Cluster) { c.Members[0].Peer.SHA256 = "abc" }),
			`not a valid expectation: member "master1": peer_certificate: sha256 "abc" is not 64 hex digits`},
		{"a file that is nowhere", change(func(c *expect.Cluster) { c.Members[0].Files = []expect.File{{Path: "x", Mode: "0644"}} }),
			`not a valid expectation: member "master1": file "x": path is not absolute`},
		{"a file without a mode", change(func(c *expect.Cluster) { c.Members[0].Files = []expect.File{{Path: "/x"}} }),
			`not a valid expectation: member "master1": file "/x": mode "" is not octal, like 0644`},
		{"a program with half a checksum", change(func(c *expect.Cluster) {
			c.Members[0].Binaries = []expect.File{{Path: "/x", Mode: "0755", SHA256: "0a"}}
		}), `not a valid expectation: member "master1": file "/x": sha256 "0a" is not 64 hex digits`},
		{"more after it", change(func(*expect.Cluster) {}) + "{}",
			"not an expectation (the expect.json that `etcdbake generate` writes): invalid character '{' after top-level value"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := expect.Parse([]byte(test.data))
			if err == nil || err.Error() != test.want {
				t.Errorf("error is\n%v\nwant\n%s", err, test.want)
			}
		})
	}
}

func TestAMissingFileIsNamed(t *testing.T) {
	_, err := expect.Load("/nonexistent/expect.json")
	want := "reading the expectation: open /nonexistent/expect.json: no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("error is %v, want %s", err, want)
	}
}

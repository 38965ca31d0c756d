package inspect_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/inspect"
)

func TestDiffTellsEveryKindOfChange(t *testing.T) {
	const head = "#cloud-config\n"
	for name, c := range map[string]struct {
		a, b string
		want []inspect.Change
	}{
		"the same":         {files("/x", "a"), files("/x", "a"), nil},
		"another encoding": {head + "write_files: [{path: /x, content: a}]\n", files("/x", "a"), nil},
		"files come and go": {files("/x", "a", "/y", "b"), files("/y", "b", "/z", "c"), []inspect.Change{
			{What: "file", Name: "/x", Side: inspect.First}, {What: "file", Name: "/z", Side: inspect.Second},
		}},
		"text": {files("/x", "a\nb\n"), files("/x", "a\nc\n"), []inspect.Change{
			{What: "file", Name: "/x", Side: inspect.Both, Diff: "--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n"},
		}},
		"mode and owner": {head + "write_files: [{path: /x}]\n", head + "write_files: [{path: /x, permissions: '0600', owner: 'a:b'}]\n", []inspect.Change{
			{What: "file", Name: "/x", Side: inspect.Both, Details: []string{"mode 0644 → 0600", "owner root:root → a:b"}},
		}},
		"a secret in a text": {files("/x", "a\nPASSWORD=b\n"), files("/x", "a\nPASSWORD=c\n"), []inspect.Change{
			{What: "file", Name: "/x", Side: inspect.Both, Details: []string{"a secret in it, which is not shown"}},
		}},
		"a key": {files("/x", pem(t, "ca-key.pem")), files("/x", pem(t, "peer-ca-key.pem")), []inspect.Change{
			{What: "file", Name: "/x", Side: inspect.Both, Details: []string{"another private key: 227 → 227 bytes"}},
		}},
		"a key that is commented": {files("/x", pem(t, "ca-key.pem")), files("/x", "#\n"+pem(t, "ca-key.pem")), []inspect.Change{
			{What: "file", Name: "/x", Side: inspect.Both, Details: []string{"the same private key, written in another way"}},
		}},
		"bytes": {files("/x", "\x00"), files("/x", "\x00\x01"), []inspect.Change{
			{What: "file", Name: "/x", Side: inspect.Both, Details: []string{"other bytes: 1 → 2"}},
		}},
		"units and commands": {head + "runcmd: [systemctl enable a]\n", head + "runcmd: [systemctl enable --now a]\n", []inspect.Change{
			{What: "unit", Name: "a.service", Side: inspect.Both, Details: []string{"is not started → started"}},
			{What: "command", Name: "what is run", Side: inspect.Both,
				Diff: "--- a\n+++ b\n@@ -1 +1 @@\n-first boot: sh -c systemctl enable a\n+first boot: sh -c systemctl enable --now a\n"},
		}},
		"folders": {head + "bootcmd: [[mkdir, -m, '0700', /a]]\n", head + "bootcmd: [[mkdir, -m, '0750', /a]]\n", []inspect.Change{
			{What: "directory", Name: "/a", Side: inspect.Both, Details: []string{"mode 0700 → 0750"}},
			{What: "command", Name: "what is run", Side: inspect.Both,
				Diff: "--- a\n+++ b\n@@ -1 +1 @@\n-every boot: mkdir -m 0700 /a\n+every boot: mkdir -m 0750 /a\n"},
		}},
		"a secret in a command": {head + "runcmd: [[x, --password, a]]\n", head + "runcmd: [[x, --password, b]]\n", []inspect.Change{
			{What: "command", Name: "what is run", Side: inspect.Both, Details: []string{"a secret in it, which is not shown"}},
		}},
		"modules": {head + "hostname: a\npassword: a\n", head + "hostname: b\npassword: b\n", []inspect.Change{
			{What: "module", Name: "hostname", Side: inspect.Both, Diff: "--- a\n+++ b\n@@ -1 +1 @@\n-a\n+b\n"},
			{What: "module", Name: "password", Side: inspect.Both, Details: []string{"a secret in it, which is not shown"}},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, inspect.Diff(read(t, c.a), read(t, c.b))); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestDiffOfCertificatesIsInWords(t *testing.T) {
	changes := inspect.Diff(read(t, files("/c.pem", pem(t, "members/master1/server.pem"))), read(t, files("/c.pem", pem(t, "members/master2/peer.pem"))))
	if len(changes) != 2 {
		t.Fatalf("%+v", changes)
	}
	said := strings.Join(changes[1].Details, "\n")
	for _, want := range []string{
		"subject CN=master1 → CN=master2", "issuer CN=k8s-etcd etcd CA → CN=k8s-etcd etcd peer CA",
		"SANs master1 localhost 10.140.0.2 127.0.0.1 ::1 → master2 localhost 10.140.0.3 127.0.0.1 ::1", "SHA-256 ",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("nothing says %s in\n%s", want, said)
		}
	}
}

package userdata_test

import (
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/etcdbake/etcdbake/generator/userdata"
)

func TestDecodeReadsWhatCloudInitWouldWrite(t *testing.T) {
	const document = `#cloud-config
# a comment
hostname: of no interest here
bootcmd:
  - mkdir -p /etc/etcd
  - [sh, -c, "echo yes"]
write_files:
  - path: /plain
    content: |
      two
      lines
  - {path: //etc/../etc/b64, permissions: "0600", owner: "etcd:etcd", encoding: b64, content: aGVsbG8=}
  - {path: /base64, permissions: '0o640', encoding: " BASE64 ", content: "aGVs\nbG8="}
  - {path: /gz+b64, encoding: gz+b64, content: H4sIAAAAAAAA/8tIzcnJBwCGphA2BQAAAA==}
  - {path: /gzip+base64, encoding: gzip+base64, content: H4sIAAAAAAAA/8tIzcnJBwCGphA2BQAAAA==}
  - {path: /gzip, encoding: gzip, content: !!binary H4sIAAAAAAAA/8tIzcnJBwCGphA2BQAAAA==}
  - {path: /empty}
  - {path: /quoted, content: "yes"}
  - {path: /anchored, content: &text shared}
  - {path: /alias, content: *text, append: true, defer: "yes"}
runcmd:
  - [systemctl, start, --no-block, "1"]
`
	got, err := userdata.Decode([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	hello := []byte("hello")
	want := &userdata.Host{
		Formats:  []string{userdata.CloudConfig},
		Document: []byte(document),
		Files: []userdata.File{
			{Path: "/plain", Mode: 0o644, Content: []byte("two\nlines\n")},
			{Path: "/etc/b64", Mode: 0o600, Owner: "etcd:etcd", Content: hello},
			{Path: "/base64", Mode: 0o640, Content: hello},
			{Path: "/gz+b64", Mode: 0o644, Content: hello},
			{Path: "/gzip+base64", Mode: 0o644, Content: hello},
			{Path: "/gzip", Mode: 0o644, Content: hello},
			{Path: "/empty", Mode: 0o644},
			{Path: "/quoted", Mode: 0o644, Content: []byte("yes")},
			{Path: "/anchored", Mode: 0o644, Content: []byte("shared")},
			{Path: "/alias", Mode: 0o644, Content: []byte("shared"), Append: true, Defer: true},
		},
		Commands: []userdata.Command{
			{userdata.EveryBoot, []string{"sh", "-c", "mkdir -p /etc/etcd"}},
			{userdata.EveryBoot, []string{"sh", "-c", "echo yes"}},
			{userdata.FirstBoot, []string{"systemctl", "start", "--no-block", "1"}},
		},
		Directories: []userdata.Directory{{Path: "/etc/etcd", Mode: 0o755}},
		Units:       []userdata.Unit{{Name: "1.service", Started: true}},
		Modules:     []userdata.Module{{Name: "hostname", Text: "of no interest here\n", Sum: sha256.Sum256([]byte("of no interest here\n"))}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreUnexported(userdata.Host{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDecodeRefusesWhatWouldBreakAHost(t *testing.T) {
	file := func(fields string) string { return "#cloud-config\nwrite_files:\n  - {path: /x, " + fields + "}\n" }
	for name, c := range map[string]struct{ document, want string }{
		"nothing":  {"\n \n", "the user-data is empty"},
		"a script": {"#!/bin/sh\n", "a shell script that etcdbake did not write: what it does to the host is not followed"},
		"a text": {"hello\n", "line 1: user-data must start with #cloud-config, or cloud-init does not take it for a cloud-config; " +
			"it is no shell script (#!), Ignition config ({), MIME message or seed ISO either"},
		"a template":    {"## template: jinja\n#cloud-config\n", "line 1: a template is rendered on the host from its metadata; give the finished cloud-config"},
		"only a header": {"#cloud-config\n", "the cloud-config is empty"},
		"broken YAML":   {"#cloud-config\na: [\n", "not YAML, so cloud-init would ignore all of it: yaml: line 2: did not find expected node content"},
		"a list":        {"#cloud-config\n- a\n", "line 2: the cloud-config must be a mapping of keys to values"},
		"a key twice":   {"#cloud-config\nruncmd: []\nruncmd: []\n", `line 3: the cloud-config has "runcmd" twice: cloud-init would take the last and drop the other`},
		"no list":       {"#cloud-config\nwrite_files: {}\n", "line 2: write_files must be a list"},
		"no mapping":    {"#cloud-config\nwrite_files: [a]\n", "line 2: write_files[0] must be a mapping of keys to values"},
		"no path":       {"#cloud-config\nwrite_files:\n  - content: a\n", "line 3: write_files[0] has no path: cloud-init would skip it"},
		"relative path": {"#cloud-config\nwrite_files: [{path: etc/x}]\n", `line 2: write_files[0].path is "etc/x": it must be an absolute path`},
		"unknown key":   {file("mode: '0644'"), "line 3: write_files[0].mode: cloud-init knows no such key"},
		"bare mode":     {file("permissions: 0600"), `line 3: write_files[0].permissions is no string for cloud-init's YAML 1.1: write "0600" in quotes`},
		"bad mode":      {file("permissions: u=rw"), `line 3: write_files[0].permissions is "u=rw": it must be an octal mode like "0644"`},
		"mode too big":  {file("permissions: '14755'"), `line 3: write_files[0].permissions is "14755": it must be an octal mode like "0644"`},
		"old boolean":   {file("content: Yes"), `line 3: write_files[0].content is no string for cloud-init's YAML 1.1: write "Yes" in quotes`},
		"old base 60":   {file("content: 12:30:45"), `line 3: write_files[0].content is no string for cloud-init's YAML 1.1: write "12:30:45" in quotes`},
		"number":        {file("content: 3"), `line 3: write_files[0].content is no string for cloud-init's YAML 1.1: write "3" in quotes`},
		"null":          {file("content: ~"), "line 3: write_files[0].content must be a string"},
		"encoding":      {file("encoding: zip, content: a"), `line 3: write_files[0] (/x): unknown encoding "zip": cloud-init would write the content as it is`},
		"not base64":    {file("encoding: b64, content: a!"), "line 3: write_files[0] (/x): the content is not base64: illegal base64 data at input byte 1"},
		"not binary":    {file("content: !!binary a!"), "line 3: write_files[0].content is !!binary but not base64: illegal base64 data at input byte 1"},
		"not gzip":      {file("encoding: gz+b64, content: aGVsbG8="), "line 3: write_files[0] (/x): the content is not gzip: unexpected EOF"},
		"cut gzip":      {file("encoding: gz+b64, content: H4sIAAAAAAAA/8tIzcnJ"), "line 3: write_files[0] (/x): the content is damaged gzip: unexpected EOF"},
		"append":        {file("append: perhaps"), `line 3: write_files[0].append is "perhaps": it must be true or false`},
		"a command":     {"#cloud-config\nruncmd: [{a: b}]\n", "line 2: runcmd[0] must be a list"},
		"a word":        {"#cloud-config\nbootcmd: [[sh, ~]]\n", "line 2: bootcmd[0][1] must be a string"},
		"an old word":   {"#cloud-config\nbootcmd: [[echo, on]]\n", `line 2: bootcmd[0][1] is no string for cloud-init's YAML 1.1: write "on" in quotes`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := userdata.Decode([]byte(c.document))
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestReadFileSeesDeferredAndAppendedFilesLast(t *testing.T) {
	c := userdata.Host{Files: []userdata.File{
		{Path: "/x", Content: []byte("deferred"), Defer: true, Append: true},
		{Path: "/x", Content: []byte("first ")},
		{Path: "/x", Content: []byte("second "), Append: true},
	}}
	got, err := c.ReadFile("/a/../x")
	if err != nil || string(got) != "first second deferred" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := c.ReadFile("/y"); err == nil || err.Error() != "read /y: file does not exist" {
		t.Errorf("got %v", err)
	}
}

func FuzzDecodeNeverPanics(f *testing.F) {
	f.Add([]byte("#cloud-config\nwrite_files:\n  - {path: /x, permissions: \"0600\", encoding: b64, content: aGVsbG8=}\n"))
	f.Add([]byte("#cloud-config\nruncmd:\n - [a, b]\n - c\nx: &a [*a]\n"))
	f.Add([]byte("#cloud-config\nwrite_files: [{path: /x, encoding: gz, content: !!binary H4sIAAAAAAAA/8tIzcnJBwCGphA2BQAAAA==}]"))
	f.Fuzz(func(t *testing.T, document []byte) {
		c, err := userdata.Decode(document)
		if err != nil {
			return
		}
		for _, file := range c.InOrder() {
			if !strings.HasPrefix(file.Path, "/") || strings.Contains(file.Path, "/../") || file.Mode&^0o7777 != 0 {
				t.Errorf("a file at %q with mode %o", file.Path, file.Mode)
			}
		}
	})
}

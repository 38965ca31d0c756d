package cloudconfig

import (
	"bytes"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// What is written without yaml.v3 is what yaml.v3 writes, and reads.
func FuzzPlainText(f *testing.F) {
	for _, seed := range []string{"", "a\n", "a\n\n", "\na\n", " a\n", "\ta\n", "a \n", "a\t\n", "a\n\n  b\n", "a\n\tb\tc\n", "a", "---\n", "\t\n",
		"#!/bin/sh\n# a\n\nb: 'c'\n", "a\n  - files\n", "- a\n- |\n  b\n", "%YAML\n...\n", "é\n", "\x00\n", "a\r\n", "\n", "\n\n",
		"a\n \nb\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		if !isPlain(content) {
			return
		}
		files := []plan.File{
			{Path: "/etc/a", Mode: 0o644, Content: content}, {Path: "/b", Mode: 0o600, Content: []byte("x\n")}, {Path: "/", Content: content},
		}
		got := fillIn(document(t, placeholder()), files)
		want := document(t,
			mapping("path", text("/etc/a"), "content", literal(string(content))),
			mapping("path", text("/b"), "permissions", quoted("0600"), "content", literal("x\n")),
			mapping("path", text("/"), "permissions", quoted("0000"), "content", literal(string(content))))
		if !bytes.Equal(got, want) {
			t.Errorf("got\n%s\nyaml.v3 writes\n%s", got, want)
		}
		var read struct {
			Files []struct{ Content string } `yaml:"write_files"`
		}
		if err := yaml.Unmarshal(got, &read); err != nil || read.Files[2].Content != string(content) {
			t.Errorf("%q is read back as %+v, error %v", content, read, err)
		}
	})
}

func FuzzPlainPath(f *testing.F) {
	for _, seed := range []string{"", "/", "/etc/systemd/system/a_b.service.d/1-x.conf", "a", "-", "/a b", "/a: b", "/é", "/a#", "/a,b", "/1:2"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, path string) {
		if !isPlainPath(path) {
			return
		}
		if got := string(document(t, text(path))); got != "write_files:\n  - "+path+"\nruncmd: x\n" {
			t.Errorf("yaml.v3 writes %q otherwise: %s", path, got)
		}
	})
}

func document(t *testing.T, entries ...*yaml.Node) []byte {
	t.Helper()
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(mapping("write_files", list(entries...), "runcmd", text("x"))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

package cloudconfig

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/plan/plantest"
)

func plainHost() plan.Host {
	return plan.Host{
		Cluster: "c", Name: "m1",
		Directories: []plan.Directory{{Path: "/etc/etcd", Mode: 0o700}},
		Files:       []plan.File{{Path: "/b", Mode: 0o600, Content: []byte("x\n")}},
		Unit:        "a.service", Check: []string{"sh", "/check"}, Done: "/done", ID: "0123456789ab",
	}
}

// comparePlain holds what is written without yaml.v3 against what yaml.v3 writes; plain is false where nothing is.
func comparePlain(t *testing.T, host plan.Host) (doc []byte, plain bool) {
	t.Helper()
	doc, plain = encodePlain(host)
	if !plain {
		return nil, false
	}
	want, err := encodeYAML(host, Readable)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(doc)); diff != "" {
		t.Errorf("yaml.v3 writes otherwise (-yaml.v3 +got):\n%s", diff)
	}
	return doc, true
}

func TestTheUserDataOfAClusterArePlain(t *testing.T) {
	for _, host := range append(plantest.ExampleHosts(t), plainHost()) {
		if doc, plain := comparePlain(t, host); !plain || cap(doc) > 3*len(doc)/2+4000 {
			t.Errorf("%s: plain %v, %d bytes in %d", host.Name, plain, len(doc), cap(doc))
		}
	}
}

func TestWhatIsNotPlainIsYAMLs(t *testing.T) {
	for name, change := range map[string]func(*plan.Host){
		"a content":   func(h *plan.Host) { h.Files[0].Content = []byte("\u00e9\n") },
		"a path":      func(h *plan.Host) { h.Files[0].Path = "/a: b" },
		"a member":    func(h *plan.Host) { h.Name = "m\n1" },
		"a cluster":   func(h *plan.Host) { h.Cluster = "\u00e9" },
		"a unit":      func(h *plan.Host) { h.Unit = "1" },
		"a check":     func(h *plan.Host) { h.Check[0] = "no" },
		"a directory": func(h *plan.Host) { h.Directories[0].Path = "/\u00e9" },
		"no file":     func(h *plan.Host) { h.Files = nil },
	} {
		host := plainHost()
		change(&host)
		if _, plain := comparePlain(t, host); plain {
			t.Errorf("%s is taken for plain", name)
		}
	}
}

func FuzzPlainText(f *testing.F) {
	for _, seed := range []string{"", "a\n", "a\n\n", "\na\n", " a\n", "\ta\n", "a \n", "a\t\n", "a\n\n  b\n", "a\n\tb\tc\n", "a", "---\n", "\t\n",
		"#!/bin/sh\n# a\n\nb: 'c'\n", "a\n  - files\n", "- a\n- |\n  b\n", "%YAML\n...\n", "\u00e9\n", "\x00\n", "a\r\n", "\n", "\n\n",
		"a\n \nb\n"} {
		f.Add([]byte(seed), "m1")
	}
	f.Add([]byte("a\n"), " ")
	f.Add([]byte("a\n"), "a\nb")
	f.Fuzz(func(t *testing.T, content []byte, name string) {
		host := plainHost()
		host.Files = []plan.File{
			{Path: "/etc/a", Mode: 0o644, Content: content}, {Path: "/b", Mode: 0o600, Content: []byte("x\n")}, {Path: "/", Content: content},
		}
		host.Name = name
		doc, plain := comparePlain(t, host)
		if !plain {
			return
		}
		var read struct {
			Files []struct{ Content string } `yaml:"write_files"`
		}
		if err := yaml.Unmarshal(doc, &read); err != nil || read.Files[2].Content != string(content) {
			t.Errorf("%q is read back as %+v, error %v", content, read, err)
		}
	})
}

func FuzzPlainWord(f *testing.F) {
	for _, seed := range []string{"", "/", "/etc/systemd/system/a_b.service.d/1-x.conf", "a", "-", "--", "---", "--now", "/a b", "/a: b", "/\u00e9", "/a#", "/a,b",
		"/1:2", "no", "Y", "true", "NULL", "--no", "0x1", "1e3", ".inf", "inf", "nan", "e1", "12:30", "2001-01-01", "~", "=", "<<", "a.b"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, word string) {
		host := plainHost()
		host.Files[0].Path, host.Done = word, word
		host.Directories[0].Path = word
		comparePlain(t, host)
		host = plainHost()
		host.Unit, host.Check = word, []string{word, "a", word}
		comparePlain(t, host)
	})
}

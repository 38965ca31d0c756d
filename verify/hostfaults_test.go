package verify_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/report"
)

// onHost lays a right host for the member below a new folder, and says so in the expectation.
func onHost(t *testing.T, c *etcdtest.Cluster, e *expect.Cluster) (root string) {
	t.Helper()
	root = t.TempDir()
	m, leaf := &e.Members[0], c.Members[0].Server
	for path, content := range map[string][]byte{
		"/etc/etcd/etcd.conf": []byte("ETCD_NAME=m1\n"), "/etc/etcd/ssl/etcd.pem": leaf.CertPEM, "/usr/local/bin/etcd": []byte("#!"),
	} {
		put(t, root+path, content, 0o644)
		sum := sha256.Sum256(content)
		m.Files = append(m.Files, mine(t, expect.File{Path: path, Mode: "0644", SHA256: hex.EncodeToString(sum[:])}))
	}
	put(t, root+"/etc/etcd/ssl/etcd-key.pem", leaf.KeyPEM, 0o600)
	must(t, os.MkdirAll(root+"/var/lib/etcd", 0o700))
	slices.SortFunc(m.Files, func(a, b expect.File) int { return strings.Compare(a.Path, b.Path) })
	m.Binaries = []expect.File{mine(t, expect.File{Path: "/usr/local/bin/etcd", Mode: "0644"})}
	record(t, root, "etcd", []byte("#!"))
	m.Files = append(m.Files,
		mine(t, expect.File{Path: "/etc/etcd/ssl/etcd-key.pem", Mode: "0600", KeyOf: "/etc/etcd/ssl/etcd.pem"}),
		mine(t, expect.File{Path: "/var/lib/etcd", Mode: "0700", Directory: true}))
	return root
}

// record notes, as first boot does, that the program was installed.
func record(t *testing.T, root, program string, content []byte) {
	t.Helper()
	put(t, root+expect.ProgramsRecord, fmt.Appendf(nil, "%x  %s\n", sha256.Sum256(content), program), 0o644)
}

// mine makes the file belong to whoever runs the test.
func mine(t *testing.T, f expect.File) expect.File {
	t.Helper()
	u, err := user.Current()
	must(t, err)
	g, err := user.LookupGroupId(u.Gid)
	must(t, err)
	f.Owner, f.Group = u.Username, g.Name
	return f
}

func sum(s string) []byte {
	h := sha256.Sum256([]byte(s))
	return h[:]
}

func put(t *testing.T, path string, content []byte, mode os.FileMode) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	must(t, os.WriteFile(path, content, mode))
	must(t, os.Chmod(path, mode))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsWrongOnTheHostIsFoundByPath(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 1)
	c.Start()
	for _, test := range []struct {
		name  string
		wreck func(t *testing.T, root string, m *expect.Member)
		blame []string
	}{
		{"nothing", func(*testing.T, string, *expect.Member) {}, nil},
		{"a changed file", func(t *testing.T, root string, _ *expect.Member) {
			put(t, root+"/etc/etcd/etcd.conf", []byte("ETCD_NAME=m2\n"), 0o644)
		}, []string{"fail host m1: /etc/etcd/etcd.conf"}},
		{"a file that others may write", func(t *testing.T, root string, _ *expect.Member) {
			must(t, os.Chmod(root+"/etc/etcd/etcd.conf", 0o666))
		}, []string{"fail host m1: /etc/etcd/etcd.conf"}},
		{"a setuid bit", func(t *testing.T, root string, _ *expect.Member) {
			must(t, os.Chmod(root+"/usr/local/bin/etcd", 0o644|os.ModeSetuid))
		}, []string{"fail host m1: /usr/local/bin/etcd", "fail host m1: /usr/local/bin/etcd"}},
		{"a missing file", func(t *testing.T, root string, _ *expect.Member) { must(t, os.Remove(root+"/etc/etcd/etcd.conf")) },
			[]string{"fail host m1: /etc/etcd/etcd.conf"}},
		{"a link where a file belongs", func(t *testing.T, root string, _ *expect.Member) {
			must(t, os.Remove(root+"/etc/etcd/etcd.conf"))
			must(t, os.Symlink("/dev/null", root+"/etc/etcd/etcd.conf"))
		}, []string{"fail host m1: /etc/etcd/etcd.conf"}},
		{"a file where a directory belongs", func(t *testing.T, root string, _ *expect.Member) {
			must(t, os.Remove(root+"/var/lib/etcd"))
			put(t, root+"/var/lib/etcd", nil, 0o700)
		}, []string{"fail host m1: /var/lib/etcd"}},
		{"a data directory that others may read", func(t *testing.T, root string, _ *expect.Member) {
			must(t, os.Chmod(root+"/var/lib/etcd", 0o755))
		}, []string{"fail host m1: /var/lib/etcd"}},
		{"a key that others may read", func(t *testing.T, root string, _ *expect.Member) {
			must(t, os.Chmod(root+"/etc/etcd/ssl/etcd-key.pem", 0o640))
		}, []string{"fail host m1: /etc/etcd/ssl/etcd-key.pem"}},
		{"another member's key", func(t *testing.T, root string, _ *expect.Member) {
			put(t, root+"/etc/etcd/ssl/etcd-key.pem", c.Members[0].Peer.KeyPEM, 0o600)
		}, []string{"fail host m1: /etc/etcd/ssl/etcd-key.pem"}},
		{"another owner", func(_ *testing.T, _ string, m *expect.Member) { m.Files[0].Owner = "nobody" },
			[]string{"fail host m1: /etc/etcd/etcd.conf"}},
		{"another program than is expected", func(_ *testing.T, _ string, m *expect.Member) {
			m.Binaries[0].SHA256 = strings.Repeat("0a", 32)
		}, []string{"fail host m1: /usr/local/bin/etcd"}},
		{"another program than was installed", func(t *testing.T, root string, _ *expect.Member) {
			put(t, root+"/usr/local/bin/etcd", []byte("#!/bin/sh"), 0o644)
		}, []string{"fail host m1: /usr/local/bin/etcd", "fail host m1: /usr/local/bin/etcd"}},
		{"another program than was installed, but the expected one", func(t *testing.T, root string, m *expect.Member) {
			record(t, root, "etcd", []byte("its predecessor"))
			m.Binaries[0].SHA256 = hex.EncodeToString(sum("#!"))
		}, nil},
		{"programs that nobody noted", func(t *testing.T, root string, _ *expect.Member) {
			must(t, os.Remove(root+expect.ProgramsRecord))
		}, nil},
		{"a record that others may write", func(t *testing.T, root string, _ *expect.Member) {
			must(t, os.Chmod(root+expect.ProgramsRecord, 0o666))
		}, []string{"fail host m1: /etc/etcdbake/programs.sha256"}},
		{"a record of other programs", func(t *testing.T, root string, _ *expect.Member) {
			record(t, root, "etcdctl", []byte("#!"))
		}, []string{"fail host m1: /etc/etcdbake/programs.sha256"}},
		{"a record that is none", func(t *testing.T, root string, _ *expect.Member) {
			put(t, root+expect.ProgramsRecord, []byte("abc  etcd\n"), 0o644)
		}, []string{"undetermined host m1: /etc/etcdbake/programs.sha256"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := c.Expect()
			root := onHost(t, c, e)
			test.wreck(t, root, &e.Members[0])
			r := run(t, verify.Options{Expect: e, Credentials: c.Credentials(), Host: &verify.Host{Member: "m1", Root: root}})
			if diff := gocmp.Diff(test.blame, blamed(r)); diff != "" {
				t.Errorf("what is blamed differs (-want +got):\n%s", diff)
				show(t, r)
			}
			for _, x := range r.Results {
				if strings.Contains(x.Seen+x.Evidence+x.Expected, "PRIVATE KEY") {
					t.Errorf("a key is shown: %+v", x)
				}
			}
		})
	}
}

func TestWithoutAskingTheHostIsNotLookedAt(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 1)
	c.Start()
	for _, x := range passes(t, c, verify.Options{Expect: c.Expect(), Credentials: c.Credentials()}).Results {
		if x.Check == "host" {
			t.Errorf("unasked: %+v", x)
		}
	}
}

func TestAnExpectationThatNamesNoFilesIsSaidToBeOld(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 1)
	c.Start()
	o := verify.Options{
		Expect: c.Expect(), Credentials: c.Credentials(), Only: []string{"host"}, Host: &verify.Host{Member: "m1"},
	}
	r := run(t, o)
	if len(r.Results) == 0 || r.Results[0].Verdict != report.Skip || !strings.HasPrefix(r.Results[0].Seen, "the expectation names none") {
		t.Errorf("results are %+v, want a skip that says why", r.Results)
	}
}

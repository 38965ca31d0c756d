package plan

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

// cluster is the example's, with further lines; version is of a release in the built-in table.
func cluster(t *testing.T, version, further string) *spec.Cluster {
	t.Helper()
	source := "name: k8s-etcd\nmembers:\n" +
		"  - {name: master1, address: 10.140.0.2}\n" +
		"  - {name: master2, address: 10.140.0.3}\n" +
		"  - {name: master3, address: 10.140.0.4}\n" +
		"etcd: {version: " + version + "}\n" + further
	c, _, err := spec.Parse("cluster.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func hosts(t *testing.T, c *spec.Cluster) []Host {
	t.Helper()
	hosts, err := Hosts(c, pkitest.Bundle(t))
	if err != nil {
		t.Fatal(err)
	}
	return hosts
}

func content(t *testing.T, h Host, path string) string {
	t.Helper()
	for _, f := range h.Files {
		if f.Path == path {
			return string(f.Content)
		}
	}
	t.Fatalf("the plan has no %s", path)
	return ""
}

func TestEachEtcdMinorGetsTheSettingsThatItHas(t *testing.T) {
	for minor, version := range map[string]string{"3.5": "3.5.16", "3.6": "3.6.14", "3.7": "3.7.1"} {
		got := content(t, hosts(t, cluster(t, version, ""))[0], "/etc/etcd/etcd.conf")
		goldenfile.Compare(t, filepath.Join("testdata", "etcd-"+minor+".conf"), []byte(got))
	}
}

func TestHostHasTheseFiles(t *testing.T) {
	type file struct {
		Path   string
		Mode   string
		Secret bool
		Layer  Layer
	}
	want := []file{
		{"/etc/etcdbake/first-boot", "-rw-r--r--", false, Image},
		{"/etc/systemd/system/etcdbake-first-boot.service", "-rw-r--r--", false, Image},
		{"/etc/systemd/system/etcd.service", "-rw-r--r--", false, Image},
		{"/etc/profile.d/etcdctl.sh", "-rw-r--r--", false, Image},
		{"/etc/etcdbake/first-boot.env", "-rw-r--r--", false, Identity},
		{"/etc/etcd/etcd.conf", "-rw-r--r--", false, Identity},
		{"/etc/etcd/ssl/etcd-ca.pem", "-rw-r--r--", false, Identity},
		{"/etc/etcd/ssl/etcd.pem", "-rw-r--r--", false, Identity},
		{"/etc/etcd/ssl/etcd-key.pem", "-rw-------", true, Identity},
		{"/etc/etcd/ssl/etcd-peer-ca.pem", "-rw-r--r--", false, Identity},
		{"/etc/etcd/ssl/etcd-peer.pem", "-rw-r--r--", false, Identity},
		{"/etc/etcd/ssl/etcd-peer-key.pem", "-rw-------", true, Identity},
	}
	for _, h := range hosts(t, cluster(t, "3.6.14", "")) {
		var got []file
		for _, f := range h.Files {
			got = append(got, file{f.Path, f.Mode.String(), f.Secret, f.Layer})
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", h.Name, diff)
		}
	}
}

func TestTheProgramsAreWhereTheSpecPutsThem(t *testing.T) {
	for _, tt := range []struct{ further, dir, env, path string }{
		{"", "/usr/local/bin", "", ""},
		{"bin_dir: /usr/local/bin", "/usr/local/bin", "", ""},
		{"bin_dir: /srv/etcd_1.2/bin", "/srv/etcd_1.2/bin", "BIN_DIR=\"/srv/etcd_1.2/bin\"\n", "\tPATH=$PATH:/srv/etcd_1.2/bin\n"},
	} {
		c := cluster(t, "3.6.14, "+tt.further, "")
		h := hosts(t, c)[0]
		image, err := ImageFor(c, "amd64")
		if err != nil {
			t.Fatal(err)
		}
		install, err := image.Env(1)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range []struct{ content, line, of string }{
			{content(t, h, "/etc/systemd/system/etcd.service"), "AssertFileIsExecutable=" + tt.dir + "/etcd\n", "AssertFileIsExecutable="},
			{content(t, h, "/etc/systemd/system/etcd.service"), "ExecStart=" + tt.dir + "/etcd\n", "ExecStart="},
			{content(t, h, "/etc/etcdbake/first-boot.env"), tt.env, "BIN_DIR="},
			{string(install), tt.env, "BIN_DIR="},
			{content(t, h, "/etc/profile.d/etcdctl.sh"), tt.path, "\tPATH="},
		} {
			if !strings.Contains(f.content, f.line) || f.line == "" && strings.Contains(f.content, f.of) {
				t.Errorf("%s: want %q in\n%s", tt.further, f.line, f.content)
			}
		}
	}
}

func TestImageLayerIsTheSameOnEveryHostAndHoldsNoKey(t *testing.T) {
	all := hosts(t, cluster(t, "3.6.14", ""))
	for i, f := range all[0].Files {
		if f.Layer != Image {
			continue
		}
		if f.Secret || bytes.Contains(f.Content, []byte("PRIVATE KEY")) {
			t.Errorf("%s is in the image layer and holds a key", f.Path)
		}
		for _, other := range all[1:] {
			if !bytes.Equal(f.Content, other.Files[i].Content) {
				t.Errorf("%s differs between %s and %s", f.Path, all[0].Name, other.Name)
			}
		}
	}
}

func TestEveryPrivateKeyIsMarkedSecret(t *testing.T) {
	for _, h := range hosts(t, cluster(t, "3.6.14", "")) {
		for _, f := range h.Files {
			if bytes.Contains(f.Content, []byte("PRIVATE KEY")) != f.Secret {
				t.Errorf("%s: Secret is %v", f.Path, f.Secret)
			}
		}
	}
}

func TestSettings(t *testing.T) {
	for _, tt := range []struct {
		name, version, further string
		want                   []string
		absent                 string
	}{
		{
			name: "the spec's own feature gates join ours", version: "3.6.14",
			further: "tuning: {settings: {feature-gates: StopGRPCServiceOnDefrag=true}}",
			want:    []string{`ETCD_FEATURE_GATES="StopGRPCServiceOnDefrag=true,InitialCorruptCheck=true"`},
		},
		{
			name: "the spec's own value of a gate of ours wins", version: "3.6.14",
			further: "tuning: {settings: {feature-gates: InitialCorruptCheck=false}}",
			want:    []string{`ETCD_FEATURE_GATES="InitialCorruptCheck=false"`},
		},
		{
			name: "tuning is in etcd's units", version: "3.6.14",
			further: "tuning: {heartbeat_interval: 250ms, election_timeout: 2s, quota_backend: 8GiB, snapshot_count: 5000}",
			want: []string{
				`ETCD_HEARTBEAT_INTERVAL="250"`, `ETCD_ELECTION_TIMEOUT="2000"`,
				`ETCD_QUOTA_BACKEND_BYTES="8589934592"`, `ETCD_SNAPSHOT_COUNT="5000"`,
			},
			absent: "ETCD_AUTO_COMPACTION",
		},
		{
			name: "compaction is written where it is on", version: "3.6.14",
			further: "tuning: {auto_compaction: {mode: periodic, retention: 8h}}",
			want:    []string{`ETCD_AUTO_COMPACTION_MODE="periodic"`, `ETCD_AUTO_COMPACTION_RETENTION="8h"`},
		},
		{
			name: "a member that joins says so", version: "3.6.14",
			further: "initial_cluster_state: existing",
			want:    []string{`ETCD_INITIAL_CLUSTER_STATE="existing"`},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			conf := content(t, hosts(t, cluster(t, tt.version, tt.further))[0], "/etc/etcd/etcd.conf")
			for _, line := range tt.want {
				if !strings.Contains(conf, line+"\n") {
					t.Errorf("no line %s in:\n%s", line, conf)
				}
			}
			if tt.absent != "" && strings.Contains(conf, tt.absent) {
				t.Errorf("%s in:\n%s", tt.absent, conf)
			}
		})
	}
}

func TestURLsBracketIPv6(t *testing.T) {
	m := spec.Member{Name: "m", Address: "2001:db8::2"}
	if got, want := ClientURL(m), "https://[2001:db8::2]:2379"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := PeerURL(m), "https://[2001:db8::2]:2380"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestClientsDialTheClientAddress(t *testing.T) {
	m := spec.Member{Name: "m", Address: "10.0.0.2", ClientAddress: "m.example.com"}
	if got, want := ClientURL(m), "https://m.example.com:2379"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := PeerURL(m), "https://10.0.0.2:2380"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEveryHostDownloadsForItsArchitecture(t *testing.T) {
	c := cluster(t, "3.6.14", "")
	c.Members[1].Arch = "arm64"
	c.Etcd.SHA256 = map[string]string{"amd64": strings.Repeat("a", 64), "arm64": strings.Repeat("b", 64)}
	all := hosts(t, c)
	for i, arch := range []string{"amd64", "arm64", "amd64"} {
		env := content(t, all[i], "/etc/etcdbake/first-boot.env")
		for _, line := range []string{`ARCH="` + arch + `"`, `SHA256="` + c.Etcd.SHA256[arch] + `"`} {
			if !strings.Contains(env, line+"\n") {
				t.Errorf("no line %s in:\n%s", line, env)
			}
		}
	}
}

func TestPreinstalledDownloadsNothing(t *testing.T) {
	c := cluster(t, "3.6.14", "")
	c.Etcd.Preinstalled = true
	env := content(t, hosts(t, c)[0], "/etc/etcdbake/first-boot.env")
	for _, line := range []string{`VERSION=""`, `ARCH="amd64"`} {
		if !strings.Contains(env, line+"\n") {
			t.Errorf("no line %s in:\n%s", line, env)
		}
	}
}

func TestEveryFileTellsItsDigestAndEveryChangeTheID(t *testing.T) {
	c := cluster(t, "3.6.14", "")
	before := hosts(t, c)
	ids := map[string]bool{}
	for _, host := range before {
		ids[host.ID] = true
		for _, f := range host.Files {
			if got, want := f.SHA256, fmt.Sprintf("%x", sha256.Sum256(f.Content)); got != want {
				t.Errorf("%s of %s: SHA-256 %q, want %s", f.Path, host.Name, got, want)
			}
		}
	}
	files := before[0].Files // with one change already: the ID is in one of them
	changed, _ := identify(files)
	if ids[changed] || len(ids) != len(before) {
		t.Errorf("a changed file gives %s, as hosts: %v", changed, ids)
	}
	files[0].Mode = 0o600
	if again, _ := identify(files); again == changed {
		t.Errorf("a changed mode gives %s, as without", again)
	}
}

func TestAMemberWithoutCertificatesIsAnError(t *testing.T) {
	c := cluster(t, "3.6.14", "")
	c.Members[2].Name = "stranger"
	_, err := Hosts(c, pkitest.Bundle(t))
	if want := "no certificates for member stranger"; err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
}

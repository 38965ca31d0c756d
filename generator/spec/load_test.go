package spec

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"
)

func TestTheSmallestSpecGetsEveryDefault(t *testing.T) {
	got, problems := parse(t, three)
	want := &Cluster{
		Name: "k8s-etcd",
		Members: []Member{
			{Name: "master1", Address: "10.140.0.2", Arch: "amd64"},
			{Name: "master2", Address: "10.140.0.3", Arch: "amd64"},
			{Name: "master3", Address: "10.140.0.4", Arch: "amd64"},
		},
		InitialClusterState: "new",
		Etcd: Etcd{
			Version: "3.6.14",
			SHA256:  map[string]string{"amd64": "ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5"},
			Mirrors: []string{"https://storage.googleapis.com/etcd", "https://github.com/etcd-io/etcd/releases/download"},
			BinDir:  "/usr/local/bin",
		},
		PKI: PKI{
			Key:          Key{Algorithm: "ecdsa", Size: 256},
			CALifetime:   Duration(10 * year),
			LeafLifetime: Duration(year),
			Backdate:     Duration(day / 24),
		},
		Target:   Target{Cloud: "generic", Format: CloudConfigFormat, Image: StockImage},
		DataDisk: DataDisk{Filesystem: "ext4", Label: "etcd"},
		Maintenance: Maintenance{
			Defrag: Defrag{Threshold: 45, MinSize: 104857600},
			Backup: Backup{Directory: "/var/backups/etcd", Keep: 7},
		},
		Tuning: Tuning{
			QuotaBackend:      2147483648,
			AutoCompaction:    AutoCompaction{Mode: "periodic"},
			HeartbeatInterval: 100_000_000,
			ElectionTimeout:   1_000_000_000,
			SnapshotCount:     10_000,
		},
	}
	if diff := cmp.Diff(want, got); diff != "" || problems != nil {
		t.Errorf("%q (-want +got):\n%s", problems, diff)
	}
}

func TestDefaultsFollowOtherValues(t *testing.T) {
	c, problems := parse(t, `name: k8s-etcd
members:
  - {name: a, address: '2001:DB8:0::1', addresses: ['2001:db8::00a'], dns_names: [A.Example.com]}
  - {name: b, address: B.Example.com, arch: arm64}
  - {name: c, address: 10.0.0.3, addresses: ['2001:db8::3'], client_address: C.Example.com}
etcd: {version: 3.5.21, mirrors: ['http://mirror.example.com/etcd//']}
pki: {key: {algorithm: rsa}, backdate: 0s}
clients: [{name: verify}, {name: root, common_name: "the root, \"of\" $all %n \\ `+"`x`"+`"}]
tuning: {auto_compaction: {retention: 1w}, settings: {max-txn-ops: 0x100, log-outputs: "a'b\"$x%n\\"}}
`)
	if problems != nil {
		t.Fatal(problems)
	}
	if got := []string{c.Members[0].Address, c.Members[0].Addresses[0], c.Members[0].DNSNames[0], c.Members[1].Address, c.Members[2].Dialled()}; !cmp.Equal(got,
		[]string{"2001:db8::1", "2001:db8::a", "a.example.com", "b.example.com", "c.example.com"}) {
		t.Errorf("addresses and names: %q", got)
	}
	if got := []any{c.Etcd.Minor(), len(c.Etcd.SHA256["amd64"]), len(c.Etcd.SHA256["arm64"]), c.Etcd.Mirrors[0]}; !cmp.Equal(got,
		[]any{"3.5", 64, 64, "http://mirror.example.com/etcd"}) {
		t.Errorf("etcd: %v", got)
	}
	if c.PKI.Key.Size != 3072 || c.PKI.Backdate != 0 {
		t.Errorf("pki: %+v", c.PKI)
	}
	if c.Clients[0].CommonName != "verify" || c.Clients[1].CommonName != "the root, \"of\" $all %n \\ `x`" {
		t.Errorf("clients: %q", c.Clients)
	}
	if c.Tuning.SnapshotCount != 100_000 || c.Tuning.AutoCompaction.Retention != "168h0m0s" {
		t.Errorf("tuning: %+v", c.Tuning)
	}
	if !cmp.Equal(c.Tuning.Settings, map[string]string{"max-txn-ops": "0x100", "log-outputs": `a'b"$x%n\`}) {
		t.Errorf("settings: %q", c.Tuning.Settings)
	}
	if !cmp.Equal(c.Arches(), []string{"amd64", "arm64"}) {
		t.Errorf("arches: %q", c.Arches())
	}
}

func TestPreinstalledEtcdHasNothingToDownload(t *testing.T) {
	c, problems := parse(t, with("etcd: {preinstalled: true}"))
	if problems != nil || c.Etcd.SHA256 != nil || c.Etcd.Mirrors != nil {
		t.Errorf("%+v %q", c.Etcd, problems)
	}
}

func TestFilesAreFoundNextToTheSpec(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "cluster.yaml")
	src := with("pki: {ca: {cert: ca.pem, key: /etc/ca-key.pem}, peer_ca: {cert: ../p.pem, key: k/p.pem}, cfssl: {config: c.json, csr: csr.json}}")
	if err := os.WriteFile(file, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Chdir(filepath.Dir(dir))
	c, _, err := Load(filepath.Join(filepath.Base(dir), "cluster.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := PKI{
		CA:     &ExistingCA{Cert: filepath.Join(dir, "ca.pem"), Key: "/etc/ca-key.pem"},
		PeerCA: &ExistingCA{Cert: filepath.Join(filepath.Dir(dir), "p.pem"), Key: filepath.Join(dir, "k/p.pem")},
		CFSSL:  CFSSLFiles{Config: filepath.Join(dir, "c.json"), CSR: filepath.Join(dir, "csr.json")},
	}
	if got := (PKI{CA: c.PKI.CA, PeerCA: c.PKI.PeerCA, CFSSL: c.PKI.CFSSL}); !cmp.Equal(want, got) {
		t.Error(cmp.Diff(want, got))
	}
}

func TestAFileThatCannotBeReadIsNotABadSpec(t *testing.T) {
	dir := t.TempDir()
	missing := filepath.Join(dir, "cluster.yaml")
	_, _, err := Load(missing)
	var bad *Error
	if !errors.Is(err, fs.ErrNotExist) || errors.As(err, &bad) {
		t.Errorf("missing: %v", err)
	}
	want := "open " + missing + ": no such file or directory\nhint: name the spec with -f, or begin one with: etcdbake init > " + missing
	if err.Error() != want {
		t.Errorf("missing: %v", err)
	}
	if _, _, err := Load(dir); err == nil || errors.As(err, &bad) {
		t.Errorf("folder: %v", err)
	}
	if err := os.WriteFile(missing, []byte(strings.Repeat("a", 2*maxSize)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Load(missing); !errors.As(err, &bad) {
		t.Errorf("too large: %v", err)
	}
}

func TestTheExampleHasNoProblems(t *testing.T) {
	c, problems, err := Load("../../examples/cluster.yaml")
	if err != nil || problems != nil || len(c.Members) != 3 {
		t.Errorf("%+v %v %v", c, problems, err)
	}
}

func TestDurationsAndSizesAreReadAndWrittenAlike(t *testing.T) {
	for text, want := range map[string]Duration{"100ms": 100_000_000, "90d": Duration(90 * day), "10y": Duration(10 * year), "1h30m": Duration(day / 16)} {
		d, err := ParseDuration(text)
		if err != nil || d != want || d.String() != text {
			t.Errorf("%q is %d, written %q, %v", text, d, d, err)
		}
	}
	for text, want := range map[string]Bytes{"2GiB": 2 << 30, "1500000": 1_500_000, "8G": 8_000_000_000, "1.5 GiB": 3 << 29, "0": 0} {
		b, err := ParseBytes(text)
		again, _ := ParseBytes(b.String())
		if err != nil || b != want || again != want {
			t.Errorf("%q is %d, written %q, %v", text, b, b, err)
		}
	}
	var v struct {
		D Duration
		B Bytes
	}
	err := yaml.Unmarshal([]byte("d: 1h\nb: many"), &v)
	if err == nil || err.Error() != `line 2, column 4: "many" is not a size` {
		t.Errorf("size: %v", err)
	}
	err = yaml.Unmarshal([]byte("d: [1h]"), &v)
	if err == nil || err.Error() != `line 1, column 4: "" is not a duration` {
		t.Errorf("duration: %v", err)
	}
}

func FuzzParse(f *testing.F) {
	example, err := os.ReadFile("../../examples/cluster.yaml")
	if err != nil {
		f.Fatal(err)
	}
	starter, err := Starter("gce", 3)
	if err != nil {
		f.Fatal(err)
	}
	for _, src := range []string{
		string(example), string(starter), uncomment(string(starter)), three, bomb(),
		"name: a\nmembers: [&a {name: b, address: c, <<: *a}]\n", "a: [\n", "\t", "\xef\xbb\xbf---\r\n...", "? {}\n: \"\\u2028\"",
	} {
		f.Add(src)
	}
	ref := reference(f)
	f.Fuzz(func(t *testing.T, src string) {
		c, _, err := Parse("/dir/cluster.yaml", []byte(src))
		if err != nil {
			if !strings.HasPrefix(err.Error(), "/dir/cluster.yaml") {
				t.Errorf("no position: %v", err)
			}
			return
		}
		// What we accept, the published schema accepts.
		var value any
		if err := yaml.Unmarshal([]byte(src), &value); err != nil {
			t.Fatal(err)
		}
		if err := ref.Validate(value); err != nil {
			t.Errorf("the schema refuses what we accept: %v", err)
		}
		// A cluster that is written out with all its defaults is the same cluster.
		text, err := yaml.Marshal(c)
		if err != nil {
			t.Fatal(err)
		}
		again, _, err := Parse("/elsewhere/cluster.yaml", text)
		if err != nil {
			t.Fatalf("%s\n%v", text, err)
		}
		if diff := cmp.Diff(c, again); diff != "" {
			t.Errorf("written out and read again:\n%s", diff)
		}
	})
}

func BenchmarkParse(b *testing.B) {
	src, err := os.ReadFile("../../examples/cluster.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, _, err := Parse("cluster.yaml", src); err != nil {
			b.Fatal(err)
		}
	}
}

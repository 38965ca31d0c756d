package rehearse_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/rehearse"
	"github.com/etcdbake/etcdbake/tools/etcdbin"
	"github.com/etcdbake/etcdbake/verify/report"
)

const subnets = `
members:
  - {name: master1, address: 10.140.0.2}
  - {name: master2, address: 10.141.7.3}
  - {name: master3, address: 172.16.0.4}
`

func TestAClusterFromItsFinalArtefactsComesUpAndPasses(t *testing.T) {
	t.Parallel()
	for name, members := range map[string]string{
		"one subnet": `
members:
  - {name: master1, address: 10.140.0.2}
  - {name: master2, address: 10.140.0.3}
  - {name: master3, address: 10.140.0.4}
`,
		"different subnets": subnets,
		"IPv6": `
members:
  - {name: master1, address: "fd00:140::2"}
  - {name: master2, address: "fd00:141::3"}
  - {name: master3, address: "2001:db8::1"}
`,
		"DNS names alone": `
members:
  - {name: master1, address: master1.etcd.example.com}
  - {name: master2, address: master2.etcd.example.com}
  - {name: master3, address: master3.etcd.example.com}
`,
		"DNS names and addresses": `
members:
  - {name: master1, address: master1.etcd.example.com, addresses: [10.140.0.2], dns_names: [etcd.example.com]}
  - {name: master2, address: 10.141.7.3, addresses: ["fd00:141::3"], dns_names: [etcd.example.com]}
  - {name: master3, address: master3.etcd.example.com, addresses: [172.16.0.4]}
`,
		"dual stack": `
members:
  - {name: master1, address: 10.140.0.2, addresses: ["fd00:140::2"]}
  - {name: master2, address: 10.140.0.3, addresses: ["fd00:140::3"]}
  - {name: master3, address: 10.140.0.4, addresses: ["fd00:140::4"]}
`,
		"some reached by IPv4 and some by IPv6": `
members:
  - {name: master1, address: 10.140.0.2, addresses: ["fd00:140::2"]}
  - {name: master2, address: "fd00:140::3", addresses: [10.140.0.3]}
  - {name: master3, address: master3.etcd.example.com, addresses: ["fd00:140::4", 10.140.0.4]}
`,
		"names of IPv6 addresses alone": `
members:
  - {name: master1, address: master1.etcd.example.com, addresses: ["fd00:140::2"]}
  - {name: master2, address: master2.etcd.example.com, addresses: ["fd00:140::3"]}
  - {name: master3, address: master3.etcd.example.com, addresses: ["fd00:140::4"]}
`,
		"other addresses for clients": `
members:
  - {name: master1, address: 10.140.0.2, client_address: 203.0.113.2}
  - {name: master2, address: 10.140.0.3, client_address: master2.etcd.example.com}
  - {name: master3, address: 10.140.0.4, client_address: "fd00:140::4"}
`,
		"two architectures": `
members:
  - {name: master1, address: 10.140.0.2}
  - {name: master2, address: 10.140.0.3, arch: arm64}
  - {name: master3, address: 10.140.0.4, arch: arm64}
`,
		"a golden image": subnets + `
target: {image: golden}
tuning: {quota_backend: 1GiB, settings: {max-txn-ops: "256"}}
`,
		"one member": `
members:
  - {name: alone, address: 192.0.2.1}
`,
		"a single CA, RSA and settings": subnets + `
pki: {single_ca: true, key: {algorithm: rsa, size: 2048}}
tuning: {quota_backend: 1GiB, heartbeat_interval: 50ms, election_timeout: 500ms, settings: {max-txn-ops: "256"}}
`,
		"shell scripts": subnets + `
target: {format: script}
`,
		"so large that Hetzner is given base64": subnets + `
target: {cloud: hetzner}
etcd: {mirrors: ["https://mirror.example.com/` + strings.Repeat("a", 20_000) + `"]}
`,
		"so large that AWS is given gzip": subnets + `
target: {cloud: aws}
pki: {key: {algorithm: rsa, size: 3072}}
`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cluster := start(t, generate(t, "name: test\n"+members), rehearse.Options{})
			expectPass(t, cluster.Outcome)
		})
	}
}

func TestAnotherEtcdIsRunAndNamed(t *testing.T) {
	t.Parallel()
	const version = "3.5.35"
	var said progress
	artefacts := generate(t, "name: test\n"+subnets)
	cluster := start(t, artefacts, rehearse.Options{Etcd: etcdbin.Need(t, version).Etcd, Progress: said.add})
	expectPass(t, cluster.Outcome)
	if cluster.Version != version || cluster.Report.Members[0].Version != version {
		t.Errorf("etcd %s was run, and %s seen", cluster.Version, cluster.Report.Members[0].Version)
	}
	want := fmt.Sprintf("note: rehearsed with etcd %s, the spec says %s", version, artefacts.Expect.EtcdVersion)
	if !slices.Contains(said, want) {
		t.Errorf("nothing says %q in\n%s", want, strings.Join(said, "\n"))
	}
}

func TestAnUnusableEtcdIsRefused(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	artefacts := generate(t, "name: test\n"+subnets)
	for name, c := range map[string]struct{ path, want string }{
		"missing":       {filepath.Join(dir, "none"), "no etcd to rehearse with: open " + dir + "/none: no such file or directory"},
		"a folder":      {dir, "no etcd to rehearse with: " + dir + " is no file; name the executable itself"},
		"not a program": {write("text", "text"), "no etcd to rehearse with: the file is not an executable for this machine"},
		"not etcd": {write("script", "#!/bin/sh\necho hello; exit 3\n"),
			`no etcd to rehearse with: asked for its version, the executable does not answer as etcd does but "hello"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := rehearse.Start(t.Context(), artefacts, rehearse.Options{Etcd: c.path})
			skipWhereRefused(t, err)
			if !errors.Is(err, rehearse.ErrEtcd) || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAMemberWithAnotherPeerCAIsNamed(t *testing.T) {
	t.Parallel()
	good, other := generate(t, "name: test\n"+subnets), generate(t, "name: test\n"+subnets)
	good.UserData["master2"] = other.UserData["master2"]
	cluster := start(t, good, rehearse.Options{})
	expectFailed(t, cluster.Outcome, "master2", "its etcd runs but has not become ready: it has found no quorum of the others")
	if log := strings.Join(cluster.Failures[0].Log, "\n"); !strings.Contains(log, "certificate") {
		t.Errorf("its log does not say what is wrong:\n%s", log)
	}
}

func TestAMemberWhoseEtcdEndsIsNamed(t *testing.T) {
	t.Parallel()
	artefacts := generate(t, "name: test\n"+subnets)
	replace(t, artefacts, "master3", `ETCD_HEARTBEAT_INTERVAL="100"`, `ETCD_HEARTBEAT_INTERVAL="soon"`)
	cluster := start(t, artefacts, rehearse.Options{})
	expectFailed(t, cluster.Outcome, "master3", "its etcd ended with exit code ")
	if log := strings.Join(cluster.Failures[0].Log, "\n"); !strings.Contains(log, "ETCD_HEARTBEAT_INTERVAL") {
		t.Errorf("its log does not say what is wrong:\n%s", log)
	}
}

func TestUserDataMayWriteAnywhere(t *testing.T) {
	t.Parallel()
	artefacts := generate(t, "name: test\n"+subnets)
	replace(t, artefacts, "master1", "/etc/profile.d/etcdctl.sh", "/usr/lib/etcdbake/etcdctl.sh")
	replace(t, artefacts, "master2", "/etc/profile.d/etcdctl.sh", "/bin/etcdctl-env")
	replace(t, artefacts, "master3", "/etc/profile.d/etcdctl.sh", "/../../sbin/../usr/local/sbin/etcdctl.sh")
	expectPass(t, start(t, artefacts, rehearse.Options{}).Outcome)
	for _, path := range []string{"/usr/lib/etcdbake", "/bin/etcdctl-env", "/usr/local/sbin/etcdctl.sh"} {
		if _, err := os.Lstat(path); err == nil {
			t.Errorf("%s is on this machine", path)
		}
	}
}

func TestAProgramThatNothingWritesIsNamed(t *testing.T) {
	t.Parallel()
	artefacts := generate(t, "name: test\n"+subnets)
	replace(t, artefacts, "master2", "ExecStart=/usr/local/bin/etcd", "ExecStart=/opt/etcd/etcd")
	_, err := rehearse.Start(t.Context(), artefacts, rehearse.Options{})
	skipWhereRefused(t, err)
	const want = "booting master2: ExecStart=/opt/etcd/etcd: no such file or directory"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestEtcdIsWhereTheSpecPutsIt(t *testing.T) {
	t.Parallel()
	artefacts := generate(t, "name: test\netcd: {bin_dir: /opt/etcd/bin}\n"+subnets)
	expectPass(t, start(t, artefacts, rehearse.Options{}).Outcome)
}

func TestASettingThatEtcdDoesNotKnowIsReported(t *testing.T) {
	t.Parallel()
	var said progress
	artefacts := generate(t, "name: test\n"+subnets)
	replace(t, artefacts, "master1", `ETCD_HEARTBEAT_INTERVAL=`, `ETCD_HEART_BEAT=`)
	replace(t, artefacts, "master2", `ETCD_HEARTBEAT_INTERVAL=`, `export ETCD_HEARTBEAT_INTERVAL=`)
	start(t, artefacts, rehearse.Options{Progress: said.add})
	all := strings.Join(said, "\n")
	for _, want := range []string{
		"master1: etcd 3.6.14 does not know ETCD_HEART_BEAT and ignores it",
		"export ETCD_HEARTBEA…: not a name for a variable",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q in\n%s", want, all)
		}
	}
}

func TestArtefactsThatCannotBootAreRefusedAllAtOnce(t *testing.T) {
	artefacts := generate(t, "name: test\n"+subnets)
	artefacts.UserData["master1"] = []byte("#!/bin/sh\n")
	replace(t, artefacts, "master2", `permissions: "0600"`, `permissions: "0644"`)
	replace(t, artefacts, "master3", "/etc/systemd/system/etcd.service", "/etc/systemd/system/etcd3.service")
	_, err := rehearse.Start(t.Context(), artefacts, rehearse.Options{})
	const want = `user-data of master1: a shell script that etcdbake did not write: what it does to the host is not followed
user-data of master2: /etc/etcd/ssl/etcd-key.pem holds a private key, and mode 0644 lets everyone on the host at it
/etc/etcd/ssl/etcd-peer-key.pem holds a private key, and mode 0644 lets everyone on the host at it
user-data of master3: it writes no /etc/systemd/system/etcd.service, so there is no etcd to start; ` +
		`if a golden image has it, out/image is missing: etcdbake generate --image golden`
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestAnImagesSettingsHoldWhereTheMemberHasNoneOfItsOwn(t *testing.T) {
	t.Parallel()
	artefacts := generate(t, "name: test\n"+subnets+"target: {image: golden}\n")
	for i, f := range artefacts.Image {
		if strings.HasSuffix(f.Path, "/image.conf") {
			artefacts.Image[i].Content = append(f.Content, "Environment=ETCD_HEARTBEAT_INTERVAL=soon\n"...)
		}
	}
	replace(t, artefacts, "master3", `ETCD_HEARTBEAT_INTERVAL="100"`, "")
	cluster := start(t, artefacts, rehearse.Options{})
	expectFailed(t, cluster.Outcome, "master3", "its etcd ended with exit code ")
	if len(cluster.Failures) > 1 {
		t.Errorf("the image's setting is not overridden: %+v", cluster.Failures[1])
	}
}

func TestAGoldenImageThatIsNotThereIsNamed(t *testing.T) {
	artefacts := generate(t, "name: test\n"+subnets+"target: {image: golden}\n")
	artefacts.Image = nil
	_, err := rehearse.Start(t.Context(), artefacts, rehearse.Options{})
	const want = "user-data of master1: it writes no /etc/systemd/system/etcd.service, so there is no etcd to start; " +
		"if a golden image has it, out/image is missing: etcdbake generate --image golden\n"
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestMembersThatJoinARunningClusterAreRefused(t *testing.T) {
	artefacts := generate(t, "name: test\n"+subnets)
	for member := range artefacts.UserData {
		replace(t, artefacts, member, `ETCD_INITIAL_CLUSTER_STATE="new"`, `ETCD_INITIAL_CLUSTER_STATE="existing"`)
	}
	_, err := rehearse.Start(t.Context(), artefacts, rehearse.Options{})
	if err == nil || !strings.Contains(err.Error(), "rehearse with initial_cluster_state: new in cluster.yaml") {
		t.Errorf("got %v", err)
	}
}

func TestTheClusterEndsWithItsContext(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	cluster, err := rehearse.Start(ctx, generate(t, "name: test\n"+subnets), rehearse.Options{})
	skipWhereRefused(t, err)
	if err != nil {
		t.Fatal(err)
	}
	cancel(errors.New("enough"))
	<-cluster.Done()
	cluster.Close()

	_, err = rehearse.Start(ctx, generate(t, "name: test\n"+subnets), rehearse.Options{})
	if err == nil || err.Error() != "enough" {
		t.Errorf("started with an ended context: %v", err)
	}
}

// generate makes real artefacts from a spec.
func generate(t *testing.T, spec string) *rehearse.Artefacts {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "cluster.yaml")
	if err := os.WriteFile(path, []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	out, pki := filepath.Join(dir, "out"), filepath.Join(dir, "pki")
	if _, err := generator.Generate(t.Context(), generator.Options{Spec: path, PKI: pki, Out: out, Clock: time.Now}); err != nil {
		t.Fatal(err)
	}
	artefacts, err := rehearse.Load(out, pki)
	if err != nil {
		t.Fatal(err)
	}
	return artefacts
}

// replace edits one member's user-data.
func replace(t *testing.T, a *rehearse.Artefacts, member, old, new string) {
	t.Helper()
	if !bytes.Contains(a.UserData[member], []byte(old)) {
		t.Fatalf("no %q in the user-data of %s", old, member)
	}
	a.UserData[member] = bytes.ReplaceAll(a.UserData[member], []byte(old), []byte(new))
}

func start(t *testing.T, a *rehearse.Artefacts, o rehearse.Options) *rehearse.Cluster {
	t.Helper()
	cluster, err := rehearse.Start(t.Context(), a, o)
	skipWhereRefused(t, err)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster
}

func skipWhereRefused(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, rehearse.ErrUnsupported) {
		t.Skip(err)
	}
}

func expectPass(t *testing.T, out rehearse.Outcome) {
	t.Helper()
	if out.Passed() {
		return
	}
	for _, r := range report.Select(out.Report.Results, func(r report.Result) bool { return r.Verdict != report.Pass }) {
		t.Logf("%+v", r)
	}
	t.Errorf("failures: %+v", out.Failures)
}

// expectFailed wants exactly one member to have failed to come up.
func expectFailed(t *testing.T, out rehearse.Outcome, member, reason string) {
	t.Helper()
	if out.Passed() || out.Report.Verdict != report.Fail {
		t.Errorf("the verdict is %s", out.Report.Verdict)
	}
	if len(out.Failures) == 0 || out.Failures[0].Member != member || !strings.HasPrefix(out.Failures[0].Reason, reason) {
		t.Fatalf("failures: %+v", out.Failures)
	}
}

// progress collects lines.
type progress []string

func (p *progress) add(line string) { *p = append(*p, line) }

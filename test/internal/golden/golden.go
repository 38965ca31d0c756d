//go:build linux

// Package golden is a cluster whose members boot from a golden image, made by the real etcdbake, for tests that bake such
// images. How machines are booted is theirs.
package golden

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/release"
)

// What user-data may be, as it is sent: the promise of golden images.
const (
	maxPlain   = 6 * 1024
	maxGzipped = 4 * 1024
)

// Gateway is where etcd-verify runs, beside the members; the prefix is theirs too.
const (
	Gateway = "10.140.0.1"
	Prefix  = Gateway + "/24"
)

// Member is one machine.
type Member struct {
	Name, Address string
}

// Members are those of every Cluster.
func Members() []Member {
	return []Member{{"master1", "10.140.0.2"}, {"master2", "10.140.0.3"}, {"master3", "10.140.0.4"}}
}

const specFormat = `name: golden
members:
  - {name: master1, address: 10.140.0.2, arch: %[1]s}
  - {name: master2, address: 10.140.0.3, arch: %[1]s}
  - {name: master3, address: 10.140.0.4, arch: %[1]s}
target: {image: golden}
etcd:
  version: %[2]s
  sha256: {%[1]s: %[3]s}
  mirrors: [%[4]q]
tuning:
  quota_backend: 4GiB
  settings:
    max-txn-ops: "256"
`

// Cluster is a folder with cluster.yaml, pki and out.
type Cluster struct {
	dir, commands string
}

// New writes the spec of a cluster that the commands in a folder are for. Its image has the release with the given tarball, from
// the mirror; further lines are whole sections of the spec.
func New(t testing.TB, commands, version string, tarball []byte, mirror, further string) *Cluster {
	t.Helper()
	c := &Cluster{dir: t.TempDir(), commands: commands}
	spec := fmt.Sprintf(specFormat, runtime.GOARCH, version, release.SHA256(tarball), mirror) + further
	if err := os.WriteFile(c.Spec(), []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	return c
}

// Generate makes what the members are booted with.
func (c *Cluster) Generate(ctx context.Context, t testing.TB) {
	t.Helper()
	c.generate(ctx, t)
}

func (c *Cluster) generate(ctx context.Context, t testing.TB, flags ...string) {
	t.Helper()
	generate := exec.CommandContext(ctx, filepath.Join(c.commands, "etcdbake"), append([]string{"generate"}, flags...)...)
	generate.Dir = c.dir
	if output, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("etcdbake generate: %v\n%s", err, output)
	}
}

// Spec is the path of cluster.yaml.
func (c *Cluster) Spec() string { return filepath.Join(c.dir, "cluster.yaml") }

// UserData returns what a member is booted with, after it has judged and logged its size.
func (c *Cluster) UserData(t testing.TB, member string) []byte {
	t.Helper()
	plain, err := os.ReadFile(filepath.Join(c.dir, "out", "user-data", member+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	if _, err := writer.Write(plain); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("user-data of %s: %d bytes, %d gzipped", member, len(plain), zipped.Len())
	if len(plain) > maxPlain || zipped.Len() > maxGzipped {
		t.Errorf("user-data of %s is more than %d bytes, or %d gzipped", member, maxPlain, maxGzipped)
	}
	return plain
}

// Seeds has the members' seed ISOs written too, and returns their paths by the members' names.
func (c *Cluster) Seeds(ctx context.Context, t testing.TB) map[string]string {
	t.Helper()
	c.generate(ctx, t, "--format", "nocloud", "--out", "seeds")
	seeds := map[string]string{}
	for _, m := range Members() {
		seeds[m.Name] = filepath.Join(c.dir, "seeds", "nocloud", m.Name+".iso")
	}
	return seeds
}

// Verify runs the real etcd-verify in the network until the cluster is as expected, and fails the test where that does not
// come within wait, such as "90s".
func (c *Cluster) Verify(ctx context.Context, t testing.TB, network *host.Network, wait string) {
	t.Helper()
	verify := network.Command(ctx, filepath.Join(c.commands, "etcd-verify"), "--expect", "out/expect.json", "--wait", wait,
		"--cacert", "pki/ca.pem", "--cert", "pki/clients/verify.pem", "--key", "pki/clients/verify-key.pem")
	verify.Dir = c.dir
	if output, err := verify.CombinedOutput(); err != nil {
		t.Fatalf("etcd-verify: %v\n%s", err, output)
	}
}

//go:build e2e

package e2e

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/release"
)

// TestTarsMakeHostsAVerifiedCluster unpacks tars over three hosts without user-data: one downloads etcd, one has it from the
// image's tar, and one is of a golden image.
func TestTarsMakeHostsAVerifiedCluster(t *testing.T) {
	t.Parallel()
	c := &cluster{lab: newLab(t), dir: t.TempDir()}
	c.writeSpec([]string{goodMirror}, "")
	tarball := filepath.Join(command(".."), release.Name(version)+".tar.gz")
	c.etcdbake("generate", "--format", "rootfs", "--etcd-release", tarball)
	c.etcdbake("generate", "--format", "rootfs", "--etcd-release", tarball, "--image", "golden", "--out", "golden")
	for i, tars := range [][]string{
		{"out/rootfs/master1.tar"},
		{"out/rootfs/image.tar", "out/rootfs/master2.tar"},
		{"golden/rootfs/image.tar", "golden/rootfs/master3.tar"},
	} {
		h := c.add("master"+string(rune('1'+i)), addresses()[i], nil)
		for _, tar := range tars {
			c.unpack(h, tar)
		}
	}
	c.boot(c.hosts...)
	c.verify()
	if downloads := len(c.mirror.log()); downloads != 1 {
		t.Errorf("%d downloads, want that of master1 alone", downloads)
	}
	filesAreOwned(c, c.hosts[0]) // the others have the image's settings too
	for _, h := range c.hosts {
		noUnitFailed(c, h)
		keysAreSecret(c, h)
	}
}

// unpack does what the next steps say, on a host that is switched off.
func (c *cluster) unpack(h *host.Host, tar string) {
	c.t.Helper()
	cmd := exec.CommandContext(c.ctx, "tar", "-xpf", filepath.Join(c.dir, tar), "-C", h.Root())
	if output, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("unpacking %s: %v\n%s", tar, err, output)
	}
}

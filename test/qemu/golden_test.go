//go:build e2e

package qemu

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/internal/golden"
)

// TestAPlainDiskBecomesAVerifiedCluster is the whole story of golden images, with real machines, kernels and disks.
func TestAPlainDiskBecomesAVerifiedCluster(t *testing.T) {
	l := newLab(t)
	c := golden.New(l.ctx, t, cached("bin"), version, l.tarball, "http://"+golden.Gateway+":8080") // nobody is there
	begin := time.Now()
	disk := plainDisk(l.ctx, t, l.dir)
	t.Logf("plain disk after %s", since(begin))

	begin = time.Now()
	image := l.bake(disk, c)
	t.Logf("baked in %s", since(begin))

	begin = time.Now()
	raw := filepath.Join(l.dir, "golden.raw")
	command(l.ctx, t, "", "qemu-img", "convert", "-O", "raw", image, raw)
	plain, err := rootFS(l.ctx)
	if err != nil {
		t.Fatal(err)
	}
	mount(l.ctx, t, raw, "loop,ro,noload", func(dir string) { l.searchForKeys(dir, plain) })
	t.Logf("searched the image in %s", since(begin))

	begin = time.Now()
	seeds := c.Seeds(l.ctx, t)
	for _, m := range golden.Members() {
		l.boot(image, m, seeds[m.Name])
	}
	c.Verify(l.ctx, t, l.net, "8m")
	t.Logf("three machines verified %s after power-on", since(begin))
}

func since(begin time.Time) time.Duration { return time.Since(begin).Round(100 * time.Millisecond) }

//go:build e2e

package qemu

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/internal/golden"
)

// dataDisk is by its serial number, as clouds name theirs.
const dataDisk = "data_disk: {device: /dev/disk/by-id/virtio-etcd}\n"

// fromNowOn are certificates that are not valid by a clock that is behind, be it by a minute.
const fromNowOn = "pki: {backdate: 0s}\n"

// TestAPlainDiskBecomesAVerifiedCluster is the whole story of golden images, with real machines, kernels and disks.
func TestAPlainDiskBecomesAVerifiedCluster(t *testing.T) {
	l := newLab(t)
	c := golden.New(t, cached("bin"), version, l.tarball, "http://"+golden.Gateway+":8080", dataDisk+fromNowOn) // nobody is there
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

	c.Generate(l.ctx, t)
	begin = time.Now()
	seeds := c.Seeds(l.ctx, t)
	var machines []*machine
	for i, m := range golden.Members() {
		machine := l.machine(m, seeds[m.Name])
		machine.clock = []string{"", time.Now().UTC().Add(-time.Hour).Format("2006-01-02T15:04:05"), "1970-01-01T00:00:00"}[i]
		machine.boot(image)
		machines = append(machines, machine)
	}
	for _, m := range machines[1:] {
		t.Logf("%s, switched on at %s by its own clock, waits for the time; it is %s by now, %s after power-on",
			m.Name, m.clock, m.waitsForTheTime(), since(begin))
	}
	served := time.Now()
	l.serveTime()
	c.Verify(l.ctx, t, l.net, "8m")
	t.Logf("three machines verified %s after power-on, and %s after there was somebody to ask for the time", since(begin), since(served))
	for _, m := range machines {
		m.console("making ext4 on /dev/disk/by-id/virtio-etcd, which is blank")
	}

	// A new machine from the same image with the old disk is the same member: without its data it would not be let in.
	begin = time.Now()
	machines[0].off()
	machines[0].boot(image)
	c.Verify(l.ctx, t, l.net, "8m")
	t.Logf("a machine replaced, with its old data disk, and verified %s after power-on", since(begin))
	if made := machines[0].console("which is blank"); made != 1 {
		t.Errorf("the data disk of %s was formatted %d times", machines[0].Name, made)
	}
}

func since(begin time.Time) time.Duration { return time.Since(begin).Round(100 * time.Millisecond) }

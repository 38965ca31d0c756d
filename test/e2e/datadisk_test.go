//go:build e2e

package e2e

import (
	"context"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// diskName is what hosts know the data disk by; it is there as soon as the disk is attached.
const diskName = "/dev/disk/by-id/google-etcd"

func diskSpec(more string) string { return "data_disk: {device: " + diskName + more + "}" }

// newDiskHost is newSingle for a host that can have any file system.
func newDiskHost(t *testing.T, further string) (*cluster, *host.Host) {
	t.Helper()
	c := &cluster{lab: newLab(t), dir: t.TempDir()}
	return c, c.diskHost("master1", c.generateSingle(further, goodMirror))
}

func (c *cluster) diskHost(name string, userData []byte) *host.Host {
	c.t.Helper()
	return c.install(withMkfs, host.Config{Name: name, Address: netip.MustParseAddr(addresses()[0]), UserData: userData})
}

func (c *cluster) newDisk(name string) *host.Disk {
	c.t.Helper()
	d, err := host.NewDisk(c.t.TempDir(), name, 400<<20) // mkfs.xfs takes 300 MiB at least
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() {
		if err := d.Close(); err != nil {
			c.t.Error(err)
		}
	})
	return d
}

// attach does what udev does when a disk is there. /dev is made anew at every boot.
func (c *cluster) attach(h *host.Host, d *host.Disk) {
	c.t.Helper()
	major, minor := d.NodeOn()
	c.exec(h, "sh", "-c", `mkdir -p "$(dirname "$1")" && rm -f "$1" "/dev/etcd-$3" && mknod "/dev/etcd-$3" b "$2" "$3" && ln -s "/dev/etcd-$3" "$1"`,
		"attach", diskName, major, minor)
}

// tool runs a program of this machine on a disk that is attached to no host.
func (c *cluster) tool(name string, args ...string) string {
	c.t.Helper()
	out, err := exec.CommandContext(c.ctx, name, args...).CombinedOutput()
	if err != nil {
		c.t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (c *cluster) diskTag(d *host.Disk, tag string) string {
	c.t.Helper()
	return c.tool("blkid", "-p", "-o", "value", "-s", tag, d.Node)
}

func TestADataDiskIsMadeOnceAndKeptForEver(t *testing.T) {
	for _, test := range []struct{ made, other string }{{"ext4", "xfs"}, {"xfs", "ext4"}} {
		t.Run(test.made, func(t *testing.T) {
			t.Parallel()
			const late = 30 * time.Second
			c, first := newDiskHost(t, diskSpec(", filesystem: "+test.made+", label: data"))
			disk := c.newDisk("disk")
			c.boot(first)
			c.untilStatus(first, "waiting for the disk "+diskName)
			etcdNeverStartsOnTheBareMountPoint(c, first)
			time.Sleep(time.Until(first.Since().Add(late)))
			c.attach(first, disk)
			c.untilConsole(first, "making "+test.made+" on "+diskName)
			t.Logf("%s: disk attached %v after power-on, healthy after %v", test.made, late, c.untilHealthy(first))
			c.verify()
			c.etcdctl(first, "put", "key", "kept")
			made, member := c.diskTag(disk, "UUID"), c.memberID(first)
			kept := func(h *host.Host, what string) {
				t.Helper()
				if got := c.etcdctl(h, "get", "--print-value-only", "key"); got != "kept" {
					t.Errorf("after %s the value is %q", what, got)
				}
				if got := c.memberID(h); got != member {
					t.Errorf("after %s the member's ID is %s, not %s", what, got, member)
				}
				if got := c.diskTag(disk, "UUID") + c.diskTag(disk, "LABEL"); got != made+"data" {
					t.Errorf("after %s the file system is another: %s", what, got)
				}
				t.Logf("%s: kept after %s; healthy %v after power-on", test.made, what, c.untilHealthy(h))
			}

			c.shutdown(first)
			c.boot(first)
			c.attach(first, disk)
			c.untilHealthy(first)
			kept(first, "a reboot")

			c.shutdown(first)
			c.remove(first)
			second := c.diskHost("replaced", c.generateSingle(diskSpec(", filesystem: "+test.other), goodMirror))
			c.boot(second)
			c.attach(second, disk)
			c.untilConsole(second, diskName+" is "+test.made+", not "+test.other+": taken as it is")
			c.untilHealthy(second)
			c.verify()
			kept(second, "a replaced instance that wants "+test.other)
			if test.made != "ext4" {
				return // xfs repairs itself when it is mounted
			}

			c.shutdown(second)
			c.tool("debugfs", "-w", "-R", "set_super_value free_blocks_count 7", disk.Node)
			c.tool("debugfs", "-w", "-R", "set_super_value state 0", disk.Node)
			c.boot(second)
			c.attach(second, disk)
			c.untilConsole(second, "fsck has repaired "+diskName)
			c.untilHealthy(second)
			kept(second, "fsck has repaired it")
		})
	}
}

// etcdNeverStartsOnTheBareMountPoint tries it as an operator in a hurry would.
func etcdNeverStartsOnTheBareMountPoint(c *cluster, h *host.Host) {
	c.t.Helper()
	out := c.exec(h, "sh", "-c", "systemctl start --job-mode=ignore-dependencies etcd.service 2>&1 || :")
	if result := c.show(h, "etcd.service", "AssertResult"); result != "no" {
		c.t.Errorf("etcd.service's assertions hold without the disk: %s: %s", result, out)
	}
	if left := c.exec(h, "sh", "-c", "ls -A /var/lib/etcd 2>/dev/null || :"); left != "" {
		c.t.Errorf("on the bare mount point there is %s", left)
	}
}

// memberID is etcd's own ID of the member on a host.
func (c *cluster) memberID(h *host.Host) string {
	c.t.Helper()
	for line := range strings.Lines(c.etcdctl(h, "endpoint", "status", "-w", "fields")) {
		if id, ok := strings.CutPrefix(line, `"MemberID" : `); ok {
			return strings.TrimSpace(id)
		}
	}
	c.t.Fatalf("%s has no member ID", h.Name)
	return ""
}

// untilConsole waits for what a host says in passing.
func (c *cluster) untilConsole(h *host.Host, text string) {
	c.t.Helper()
	if err := host.Eventually(c.ctx, func() error {
		console, err := os.ReadFile(h.Console)
		if err == nil && !strings.Contains(string(console), text) {
			err = fmt.Errorf("the console of %s does not say %q", h.Name, text)
		}
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
}

// TestAPowerCutWhileADiskIsMade cuts the power at random moments of mkfs.
func TestAPowerCutWhileADiskIsMade(t *testing.T) {
	for _, filesystem := range []string{"ext4", "xfs"} {
		t.Run(filesystem, func(t *testing.T) {
			t.Parallel()
			const cuts = 5
			c, h := newDiskHost(t, diskSpec(", filesystem: "+filesystem))
			disk := c.newDisk("disk")
			found := map[string]int{}
			for range cuts {
				c.boot(h)
				c.attach(h, disk)
				began := existence("/var/lib/etcdbake/formatting", "/var/lib/etcdbake/done")
				ctx, cancel := context.WithTimeout(c.ctx, time.Minute)
				err := began.wait(ctx, h)
				cancel()
				if err != nil {
					t.Fatal(err)
				}
				time.Sleep(rand.N(120 * time.Millisecond))
				if err := h.PowerCut(); err != nil {
					t.Fatal(err)
				}
				label, err := exec.CommandContext(c.ctx, "blkid", "-p", "-o", "value", "-s", "LABEL", disk.Node).Output()
				if err != nil {
					label = []byte("no file system")
				}
				found[strings.TrimSpace(string(label))]++
				if string(label) != "etcd\n" {
					continue
				}
				// It was whole: the next cut needs a blank disk again.
				if err := os.Truncate(disk.Image, 0); err != nil {
					t.Fatal(err)
				}
				if err := os.Truncate(disk.Image, 400<<20); err != nil {
					t.Fatal(err)
				}
				c.tool("blockdev", "--flushbufs", disk.Node)
			}
			c.boot(h)
			c.attach(h, disk)
			took := c.untilHealthy(h)
			c.verify()
			t.Logf("%s: %d of %d power cuts survived, found afterwards: %v; healthy %v after the last", filesystem, cuts, cuts, found, took)
		})
	}
}

// digest is of all that is on a disk.
func (c *cluster) digest(d *host.Disk) string {
	c.t.Helper()
	content, err := os.ReadFile(d.Image)
	if err != nil {
		c.t.Fatal(err)
	}
	return fmt.Sprintf("%x", sha256.Sum256(content))
}

func TestADiskThatIsNotForEtcdIsLeftAsItIs(t *testing.T) {
	t.Parallel()
	c, h := newDiskHost(t, diskSpec(""))
	c.boot(h)
	c.untilStatus(h, "waiting for the disk "+diskName)
	const damage = "damage"
	mkfs := []string{"mkfs.ext4", "-q", "-F"}
	for _, test := range []struct {
		name string
		make func(d *host.Disk)
		want string
	}{
		{"a partition table", func(d *host.Disk) { c.shell("echo 'start=2048' | sfdisk -q %s", d.Node) },
			"has a partition table (dos): left as it is. Give etcd a disk, or name the partition in data_disk.device"},
		{"an encrypted disk", func(d *host.Disk) {
			c.shell(`printf 'LUKS\272\276\000\001' | dd of=%s conv=notrunc status=none`, d.Node)
		}, "holds crypto_LUKS, which is no file system for etcd: left as it is"},
		{"LVM", func(d *host.Disk) {
			c.shell(`printf 'LABELONE\001\000\000\000\000\000\000\000' | dd of=%[1]s seek=1 bs=512 conv=notrunc status=none`, d.Node)
		}, "has no file system, but something is on it: if it is of no use, wipe it with: blkdiscard -z " + diskName},
		{"swap", func(d *host.Disk) { c.tool("mkswap", d.Node) }, "holds swap, which is no file system for etcd: left as it is"},
		{"data without a signature", func(d *host.Disk) {
			c.shell("echo precious | dd of=%s seek=%d bs=512 conv=notrunc status=none", d.Node, 400<<11-1)
		},
			"has no file system, but something is on it: if it is of no use, wipe it with: blkdiscard -z " + diskName},
		{"an encrypted disk that was ext4 before", func(d *host.Disk) {
			c.tool(mkfs[0], append(mkfs[1:], d.Node)...)
			c.shell(`printf 'LUKS\272\276\000\001' | dd of=%s conv=notrunc status=none`, d.Node)
		}, "holds crypto_LUKS, which is no file system for etcd: left as it is"},
		{damage, func(d *host.Disk) {
			c.tool(mkfs[0], append(mkfs[1:], d.Node)...)
			c.tool("debugfs", "-w", "-R", "clri <2>", d.Node)
			c.tool("debugfs", "-w", "-R", "set_super_value state 2", d.Node)
		}, "is damaged, more than is safe to repair: do it by hand: fsck " + diskName},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := c.in(t)
			disk := c.newDisk("disk")
			test.make(disk)
			c.tool("blockdev", "--flushbufs", disk.Node)
			before, uuid := c.digest(disk), ""
			if test.name == damage {
				uuid = c.diskTag(disk, "UUID")
			}
			c.attach(h, disk)
			begin := time.Now()
			c.exec(h, "systemctl", "restart", "--no-block", "etcdbake-first-boot.service")
			c.untilStatus(h, diskName+" ", test.want)
			t.Logf("refused after %v", time.Since(begin).Round(100*time.Millisecond))
			if c.digest(disk) != before && test.name != damage { // where fsck notes that it was there
				t.Error("the disk was written to")
			}
			if test.name == damage && c.diskTag(disk, "UUID") != uuid {
				t.Error("the disk was formatted")
			}
			if pid := c.show(h, "etcd.service", "MainPID"); pid != "0" {
				t.Error("etcd runs")
			}
			c.exec(h, "rm", diskName)
		})
	}

	t.Run("somebody's files", func(t *testing.T) {
		c := c.in(t)
		disk := c.newDisk("disk")
		c.tool(mkfs[0], append(mkfs[1:], disk.Node)...)
		c.tool("debugfs", "-w", "-R", "mkdir pictures", disk.Node)
		c.attach(h, disk)
		c.exec(h, "systemctl", "restart", "--no-block", "etcdbake-first-boot.service")
		c.untilStatus(h, "/var/lib/etcd has data already, and it is not known whose: left as it is")
		if got := c.exec(h, "ls", "/var/lib/etcd"); got != "lost+found\npictures" {
			t.Errorf("the disk holds %q now", got)
		}
		c.exec(h, "umount", "/var/lib/etcd")
		c.exec(h, "rm", diskName)
	})

	t.Run("the disk of the system", func(t *testing.T) {
		c := c.in(t)
		disk := c.newDisk("disk")
		c.tool(mkfs[0], append(mkfs[1:], disk.Node)...)
		c.attach(h, disk)
		c.exec(h, "mount", diskName, "/srv")
		c.exec(h, "systemctl", "restart", "--no-block", "etcdbake-first-boot.service")
		c.untilStatus(h, diskName+" is in use at /srv: it is not a disk for etcd")
		c.exec(h, "umount", "/srv")
		c.exec(h, "rm", diskName)
	})

	t.Run("and a blank one in its place", func(t *testing.T) {
		c := c.in(t)
		c.attach(h, c.newDisk("disk"))
		c.untilHealthy(h)
		c.verify()
	})
}

// shell runs a line of this machine's shell.
func (c *cluster) shell(format string, args ...any) {
	c.t.Helper()
	c.tool("sh", "-c", fmt.Sprintf(format, args...))
}

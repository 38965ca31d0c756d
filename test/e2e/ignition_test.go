//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/release"
	"github.com/etcdbake/etcdbake/tools/ignitionbin"
)

// asSeed gives the files on the CD-ROM to cloud-init, which in a container cannot mount it; in test/qemu it does.
func asSeed(c *cluster, h *host.Host, artefact []byte) {
	c.t.Helper()
	iso := filepath.Join(c.t.TempDir(), "m1.iso")
	if err := os.WriteFile(iso, artefact, 0o600); err != nil {
		c.t.Fatal(err)
	}
	seed := filepath.Join(h.Root(), "var/lib/cloud/seed/nocloud")
	if err := os.RemoveAll(seed); err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.CommandContext(c.ctx, "xorriso", "-abort_on", "WARNING", "-osirrox", "on", "-indev", iso, "-extract", "/", seed)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("%v\n%s", err, out)
	}
}

// byIgnition has the real Ignition write its files, as it does in the initramfs, on a host that is like Flatcar and
// Fedora CoreOS where it matters: systemd takes this boot for the first, and enables what Ignition says and nothing else.
func byIgnition(c *cluster, h *host.Host, artefact []byte) {
	c.t.Helper()
	const units = "etc/systemd/system/"
	c.write(h, "etc/machine-id", []byte("uninitialized\n"), 0o444)
	c.write(h, "usr/lib/systemd/system-preset/99-default-disable.preset", []byte("disable *\n"), 0o644)
	if err := os.Symlink("/dev/null", filepath.Join(h.Root(), units, "systemd-firstboot.service")); err != nil {
		c.t.Fatal(err) // Debian's would ask for a root password
	}
	c.ignite(h, artefact)
}

// withSELinux is byIgnition on a host with a stand-in for SELinux's program, which notes what it is to relabel: no kernel here
// has SELinux.
func withSELinux(c *cluster, h *host.Host, artefact []byte) {
	c.t.Helper()
	c.write(h, "usr/local/sbin/restorecon", []byte("#!/bin/sh\nls \"$@\" >>/root/relabelled\n"), 0o755)
	byIgnition(c, h, artefact)
}

// ignite runs Ignition over the disk of a host that is switched off.
func (c *cluster) ignite(h *host.Host, config []byte) {
	c.t.Helper()
	ignition, err := ignitionbin.Apply(c.ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	path := filepath.Join(c.t.TempDir(), "config.ign")
	if err := os.WriteFile(path, config, 0o600); err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.CommandContext(c.ctx, ignition, "--offline", "--root", h.Root(), path)
	cmd.Env = append(os.Environ(), "container=systemd-nspawn") // or it refuses, since it is not meant for a running system
	if out, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("ignition: %v\n%s", err, out)
	}
}

// TestIgnitionsHostGoesOnAfterAPowerCut has Ignition write its files twice, as it does where power is lost before the
// first boot is complete.
func TestIgnitionsHostGoesOnAfterAPowerCut(t *testing.T) {
	t.Parallel()
	c := &cluster{lab: newLab(t), dir: t.TempDir()}
	c.writeSingle(stalledMirror)
	c.etcdbake("generate", "--format", "ignition")
	config := c.read("out", "ignition", "m1.ign")
	h := c.bootBy(way{system: bare, prepare: withSELinux}, "m1", addresses()[0], config)
	c.powerCutHalfway(h)
	c.ignite(h, config)
	c.boot(h)
	c.verify()
	noUnitFailed(c, h)
	keysAreSecret(c, h)
	relabelled := c.exec(h, "cat", "/root/relabelled")
	if want := "/opt/bin/.etcdutl.new\n/opt/bin/.etcdctl.new\n/opt/bin/.etcd.new"; relabelled != want {
		t.Errorf("relabelled %q, want %q", relabelled, want)
	}
	if out := c.verifyHost(h); strings.Contains(out, "exit ") || !strings.Contains(out, "PASS") {
		t.Errorf("the host is not as planned:\n%s", out)
	}
	c.shutdown(h)
	c.boot(h)
	c.verify()
}

// TestIgnitionMakesAMemberOfAGoldenImage: the image has all but the host's own, and systemd does not take the boot for
// the first.
func TestIgnitionMakesAMemberOfAGoldenImage(t *testing.T) {
	t.Parallel()
	c := &cluster{lab: newLab(t), dir: t.TempDir()}
	c.writeSingle(missingMirror)
	tarball := filepath.Join(command(".."), release.Name(version)+".tar.gz")
	c.etcdbake("generate", "--format", "rootfs", "--image", "golden", "--etcd-release", tarball)
	c.etcdbake("generate", "--format", "ignition", "--image", "golden")
	h := c.addSystem(bare, "m1", addresses()[0], nil)
	unpacked(c, h, c.read("out", "rootfs", "image.tar"))
	c.ignite(h, c.read("out", "ignition", "m1.ign")) // its machine ID is an empty file, as our provisioner leaves it
	c.boot(h)
	c.verify()
	noUnitFailed(c, h)
	if downloads := c.mirror.log(); len(downloads) > 0 {
		t.Errorf("downloaded: %v", downloads)
	}
}

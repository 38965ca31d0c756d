//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"

	"github.com/etcdbake/etcdbake/test/e2e/host"
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

// byIgnition has the real Ignition write its files, as it does in the initramfs, on a host that is like Flatcar and Fedora CoreOS
// where it matters: systemd takes this boot for the first, and enables what Ignition says and nothing else.
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

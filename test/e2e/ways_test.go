//go:build e2e

package e2e

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/release"
)

// A way is how a host gets its plan: the artefact of one format, and what gives it to a host of one kind.
type way struct {
	name   string
	format string // of etcdbake generate
	file   string // below out, of member m1
	system system
	// prepare changes the host before it is switched on for the first time, and give after that; either may be nil.
	prepare func(c *cluster, h *host.Host, artefact []byte)
	give    func(c *cluster, h *host.Host, artefact []byte)
}

// ways are all that a host can be made by. Every one of them makes the same host.
func ways() []way {
	const userData, script = "user-data/m1.yaml", "script/m1.sh"
	return []way{
		{name: "cloud-config on bullseye", format: "cloud-config", file: userData, system: debian("bullseye"), prepare: asUserData},
		{name: "cloud-config on bookworm", format: "cloud-config", file: userData, system: debian("bookworm"), prepare: asUserData},
		{name: "cloud-config on trixie", format: "cloud-config", file: userData, system: debian("trixie"), prepare: asUserData},
		{name: "cloud-config in gzip on bullseye", format: "cloud-config", file: userData, system: debian("bullseye"), prepare: inGzip},
		{name: "script over ssh on bullseye", format: "script", file: script, system: debian("bullseye"), give: overSSH},
		{name: "script as user-data on bullseye", format: "script", file: script, system: debian("bullseye"), prepare: asUserData},
		{name: "script as user-data on bookworm", format: "script", file: script, system: debian("bookworm"), prepare: asUserData},
		{name: "script as user-data on trixie", format: "script", file: script, system: debian("trixie"), prepare: asUserData},
		{name: "script in gzip as user-data on trixie", format: "script", file: script, system: debian("trixie"), prepare: inGzip},
		{name: "startup-script without cloud-init", format: "script", file: script, system: bare, prepare: asStartupScript},
		{name: "script over ssh to busybox", format: "script", file: script, system: bare, prepare: busybox, give: overSSH},
		{name: "tar", format: "rootfs", file: "rootfs/m1.tar", system: bare, prepare: unpacked},
		{name: "seed", format: "nocloud", file: "nocloud/m1.iso", system: debian("bookworm"), prepare: asSeed},
		{name: "Ignition", format: "ignition", file: "ignition/m1.ign", system: bare, prepare: byIgnition},
	}
}

// asUserData gives the artefact to cloud-init.
func asUserData(c *cluster, h *host.Host, artefact []byte) {
	c.write(h, "var/lib/cloud/seed/nocloud/user-data", artefact, 0o600)
}

// inGzip gives cloud-init what it is given on a cloud that the artefact is too large for.
func inGzip(c *cluster, h *host.Host, artefact []byte) {
	c.t.Helper()
	packed, err := cloud.Gzip.Wrap(artefact)
	if err != nil {
		c.t.Fatal(err)
	}
	asUserData(c, h, packed)
}

// overSSH does what "ssh HOST sudo sh < FILE" does on the host.
func overSSH(c *cluster, h *host.Host, artefact []byte) {
	c.t.Helper()
	if out, err := h.ExecInput(c.ctx, artefact, "sh"); err != nil {
		c.t.Fatalf("%v\n%s", err, out)
	}
}

// startupScripts is the unit of Google's guest agent (GoogleCloudPlatform/guest-agent, google-startup-scripts.service), but for
// its program: that writes the script into a folder of its own and executes it there, at every boot.
const startupScripts = `[Unit]
Description=Google Compute Engine Startup Scripts
Wants=network-online.target
After=network-online.target

[Service]
Type=oneshot
ExecStart=/bin/sh -c 'dir=$(mktemp -d); cp /root/startup-script $dir; chmod 0755 $dir/startup-script; $dir/startup-script; s=$?; rm -r $dir; exit $s'
KillMode=process

[Install]
WantedBy=multi-user.target
`

// asStartupScript has the script run at every boot, as on GCE.
func asStartupScript(c *cluster, h *host.Host, artefact []byte) {
	c.t.Helper()
	const units = "etc/systemd/system/"
	c.write(h, "root/startup-script", artefact, 0o600)
	c.write(h, units+"google-startup-scripts.service", []byte(startupScripts), 0o644)
	wants := filepath.Join(h.Root(), units, "multi-user.target.wants")
	if err := os.MkdirAll(wants, 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.Symlink("../google-startup-scripts.service", filepath.Join(wants, "google-startup-scripts.service")); err != nil {
		c.t.Fatal(err)
	}
}

// busybox makes the host one that has busybox for a shell and for all that busybox can, and for the rest little more than
// systemd: nothing of Debian's to make users or to download with.
func busybox(c *cluster, h *host.Host, _ []byte) {
	c.t.Helper()
	root := h.Root()
	if out, err := exec.CommandContext(c.ctx, "chroot", root, "/bin/busybox", "--install", "-s", "/usr/local/sbin").CombinedOutput(); err != nil {
		c.t.Fatalf("%v\n%s", err, out)
	}
	for _, path := range []string{
		"usr/bin/sh", "usr/bin/getent", "usr/bin/flock", "usr/bin/cmp", "usr/sbin/useradd", "usr/sbin/groupadd", "usr/sbin/adduser",
		"usr/sbin/addgroup", "usr/lib/apt/apt-helper", "usr/bin/perl",
	} {
		if err := os.Remove(filepath.Join(root, path)); err != nil && !os.IsNotExist(err) {
			c.t.Fatal(err)
		}
	}
	if err := os.Symlink("busybox", filepath.Join(root, "usr/bin/sh")); err != nil {
		c.t.Fatal(err)
	}
}

// unpacked does what an image builder does with a member's tar.
func unpacked(c *cluster, h *host.Host, artefact []byte) {
	c.t.Helper()
	tar := filepath.Join(c.t.TempDir(), "m1.tar")
	if err := os.WriteFile(tar, artefact, 0o600); err != nil {
		c.t.Fatal(err)
	}
	if out, err := exec.CommandContext(c.ctx, "tar", "-xpf", tar, "-C", h.Root()).CombinedOutput(); err != nil {
		c.t.Fatalf("%v\n%s", err, out)
	}
}

// write puts a file on the disk of a host that is switched off.
func (c *cluster) write(h *host.Host, path string, content []byte, mode os.FileMode) {
	c.t.Helper()
	path = filepath.Join(h.Root(), path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		c.t.Fatal(err)
	}
}

// bootBy installs a host and makes it a member.
func (c *cluster) bootBy(w way, name, address string, artefact []byte) *host.Host {
	c.t.Helper()
	h := c.addSystem(w.system, name, address, nil)
	if w.prepare != nil {
		w.prepare(c, h, artefact)
	}
	c.boot(h)
	if w.give != nil {
		c.untilUp(h)
		w.give(c, h, artefact)
	}
	return h
}

// untilUp waits until somebody could log in.
func (c *cluster) untilUp(h *host.Host) {
	c.t.Helper()
	c.exec(h, "sh", "-c", "until systemctl -q is-active multi-user.target; do sleep 0.1; done")
}

// planned lists what the plan has put on a host, and who owns it. /var/lib/etcdbake/host tells hosts apart.
const planned = `paths="/etc/etcd /etc/etcdbake /etc/profile.d/etcdctl.sh /opt /var/lib/etcdbake
	$(echo /etc/systemd/system/etcd* /etc/systemd/system/*/etcd*)"
find $paths | sort | while read -r path; do stat -c '%n %a %U:%G %F' "$path"; done
find $paths -type f ! -path /var/lib/etcdbake/host | sort | while read -r path; do sha256sum "$path"; done`

func TestEveryWayMakesTheSameHost(t *testing.T) {
	dir := t.TempDir()
	var mu sync.Mutex
	hosts := map[string]string{}
	made := &cluster{lab: newLab(t), dir: dir}
	made.writeSingle(goodMirror)
	made.etcdbake("generate")
	for _, format := range []string{"script", "rootfs", "nocloud", "ignition"} {
		made.etcdbake("generate", "--format", format, "--out", format)
	}
	t.Run("ways", func(t *testing.T) {
		for _, w := range ways() {
			t.Run(w.name, func(t *testing.T) {
				t.Parallel()
				c := &cluster{lab: newLab(t), dir: dir}
				out := w.format
				if out == "cloud-config" {
					out = "out"
				}
				h := c.bootBy(w, "m1", addresses()[0], c.read(out, w.file))
				c.verify()
				noUnitFailed(c, h)
				unitsLoadWithoutAWarning(c, h)
				cloudInitEndsWell(c, h)
				mu.Lock()
				defer mu.Unlock()
				t.Logf("etcd is ready after %v", c.readyTimes()[0])
				hosts[w.name] = c.exec(h, "sh", "-c", planned)
				if want := "/etc/etcd/ssl/etcd-key.pem 600 etcd:etcd regular file"; !strings.Contains(hosts[w.name], want) {
					t.Errorf("not %s, but\n%s", want, hosts[w.name])
				}
			})
		}
	})
	names := slices.Sorted(maps.Keys(hosts)) // of those that were asked for by -run
	for _, name := range names {
		first, got := names[0], hosts[name]
		if diff := cmp.Diff(hosts[first], got); diff != "" {
			t.Errorf("%s and %s make different hosts:\n%s", first, name, diff)
		}
	}
}

// writeSingle writes a spec of one member that gets etcd from the mirror, into the folder that every format can have it in.
func (c *cluster) writeSingle(mirror string) {
	c.t.Helper()
	spec := fmt.Sprintf("name: ways\nmembers:\n  - {name: m1, address: %s, arch: %s}\netcd:\n  version: %s\n  sha256: {%s: %s}\n  mirrors: [%s]\n  bin_dir: /opt/bin\n",
		addresses()[0], runtime.GOARCH, version, runtime.GOARCH, release.SHA256(c.mirror.tarball), mirrorURL(mirror))
	if err := os.WriteFile(filepath.Join(c.dir, "cluster.yaml"), []byte(spec), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// unitsLoadWithoutAWarning finds settings that this host's systemd does not know.
func unitsLoadWithoutAWarning(c *cluster, h *host.Host) {
	c.t.Helper()
	out := c.exec(h, "journalctl", "-b", "--no-pager", "-o", "cat", "_PID=1")
	for line := range strings.Lines(out) {
		if strings.Contains(line, "/etc/systemd/system/etcd") {
			c.t.Errorf("%s: %s", h.Name, strings.TrimSpace(line))
		}
	}
}

// cloudInitEndsWell is true of a host without cloud-init too.
func cloudInitEndsWell(c *cluster, h *host.Host) {
	c.t.Helper()
	out := c.exec(h, "sh", "-c", "! command -v cloud-init >/dev/null || cloud-init status --wait --long || echo exit $?")
	if strings.Contains(out, "exit ") || out != "" && !strings.Contains(out, "status: done") {
		c.t.Errorf("%s: %s", h.Name, out)
	}
}

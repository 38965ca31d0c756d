//go:build e2e

package qemu

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"github.com/etcdbake/etcdbake/test/internal/golden"
	"github.com/etcdbake/etcdbake/test/internal/realpacker"
	"github.com/etcdbake/etcdbake/test/internal/release"
	"github.com/etcdbake/etcdbake/tools/packerbin"
)

// guestUserData lets Packer in, as a cloud's default user, and leaves the machines' addresses in the image. It takes away the
// note by which systemd sets a clock that is behind to when the image was last in use: the machines know no time at all.
const guestUserData = `#cloud-config
manage_etc_hosts: true
ssh_genkeytypes: [ed25519]
users:
  - {name: debian, shell: /bin/bash, sudo: "ALL=(ALL) NOPASSWD:ALL", ssh_authorized_keys: [%s]}
write_files:
  - {path: /etc/cloud/cloud.cfg.d/90-addresses.cfg, content: '%s'}
runcmd:
  - systemctl stop systemd-timesyncd.service && rm /var/lib/systemd/timesync/clock
`

// localMirror is reached by what runs on Packer's machine; guests see no network at all.
const localMirror = "127.0.0.1:8080"

// serveRelease serves the release at http://localMirror until the test ends.
func (l *lab) serveRelease() {
	l.t.Helper()
	listener, err := l.net.ListenAt(netip.MustParseAddrPort(localMirror))
	if err != nil {
		l.t.Fatal(err)
	}
	name := release.Name(version) + ".tar.gz"
	files := http.NewServeMux()
	files.HandleFunc("/v"+version+"/"+name, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(l.tarball))
	})
	server := &http.Server{Handler: files, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with Close
	l.t.Cleanup(func() { _ = server.Close() })
}

// bake makes a golden image of a disk with a real Packer, in a minute or so, and returns the image's path.
func (l *lab) bake(disk string, c *golden.Cluster) string {
	l.t.Helper()
	l.serveRelease()
	key := filepath.Join(l.t.TempDir(), "key")
	command(l.ctx, l.t, "", "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
	public, err := os.ReadFile(key + ".pub")
	if err != nil {
		l.t.Fatal(err)
	}
	output := filepath.Join(l.dir, "golden")
	path := filepath.Join(l.t.TempDir(), "bake.pkr.hcl")
	l.render("testdata/bake.pkr.hcl.tmpl", path, map[string]string{
		"Disk": disk, "Output": output, "Console": filepath.Join(l.logs, "guest.console"), "Key": key, "Spec": c.Spec(),
		"Mirror":   "http://" + localMirror,
		"UserData": fmt.Sprintf("%q", fmt.Sprintf(guestUserData, strings.TrimSpace(string(public)), addresses())),
	})
	l.packerBuild(path)
	return filepath.Join(output, "golden.qcow2")
}

func (l *lab) render(source, path string, data any) {
	l.t.Helper()
	text, err := template.New(filepath.Base(source)).Delims("<<", ">>").ParseFiles(source)
	if err != nil {
		l.t.Fatal(err)
	}
	var out bytes.Buffer
	if err := text.Execute(&out, data); err != nil {
		l.t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		l.t.Fatal(err)
	}
}

func (l *lab) packerBuild(path string) {
	l.t.Helper()
	packer, err := installedPacker(l.ctx, l.t.TempDir())
	if err != nil {
		l.t.Fatal(err)
	}
	args := packer.Args(path)
	build := l.net.Command(l.ctx, args[0], args[1:]...)
	build.Dir = l.dir
	build.Env = packer.Env(l.dir)
	output, err := build.CombinedOutput()
	if failed := os.WriteFile(filepath.Join(l.logs, "packer.log"), output, 0o644); failed != nil {
		l.t.Error(failed)
	}
	if err != nil {
		l.t.Fatalf("packer build: %v: the guest's console is in %s\n%s", err, l.logs, output)
	}
}

// installedPacker returns a Packer with QEMU's plugin and ours in a folder.
func installedPacker(ctx context.Context, folder string) (*realpacker.Packer, error) {
	binary, err := packerbin.Packer(ctx, packerbin.Newest)
	if err != nil {
		return nil, err
	}
	qemu, err := packerbin.QEMUPlugin(ctx)
	if err != nil {
		return nil, err
	}
	return realpacker.New(ctx, binary, folder, map[string]string{
		"github.com/etcdbake/etcd":  filepath.Join(cached("bin"), "packer-plugin-etcd"),
		"github.com/hashicorp/qemu": qemu,
	})
}

//go:build e2e

package packer

import (
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/golden"
	"github.com/etcdbake/etcdbake/tools/packerbin"
)

// guestSource takes the place of a template's source: a host that is there already.
const guestSource = `source "null" "etcd" {
  ssh_host             = %q
  ssh_username         = "packer"
  ssh_private_key_file = %q
  ssh_timeout          = "60s"
}
`

// TestTemplatesWithoutThePluginBakeTheSameImage runs what `etcdbake generate --format packer` writes to out/packer/shell, but
// for its source, with a Packer that has no plugin of ours, and boots members from the image.
func TestTemplatesWithoutThePluginBakeTheSameImage(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	c := golden.New(t, command(""), version, l.mirror.tarball, mirrorURL(goodMirror), "")
	c.Generate(l.ctx, t)
	guest := l.guest()
	if output, err := l.shellBuild(c.Spec()); err != nil {
		t.Fatalf("packer build: %v\n%s", err, output)
	}
	l.checkImage(guest)
	if err := guest.Shutdown(l.ctx); err != nil {
		t.Fatal(err)
	}
	l.mirror.close()
	for _, m := range golden.Members() {
		l.boot(host.Config{
			Name: m.Name, Address: netip.MustParseAddr(m.Address), RootFS: guest.Root(), UserData: c.UserData(t, m.Name),
		})
	}
	c.Verify(l.ctx, t, l.net, "90s")
}

func TestTheSealOfTemplatesWithoutThePluginHasTeeth(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	c := golden.New(t, command(""), version, l.mirror.tarball, mirrorURL(goodMirror), "")
	c.Generate(l.ctx, t)
	guest := l.guest()
	l.exec(guest, "sh", "-c", "mkdir -p /var/lib/etcd/member")
	output, err := l.shellBuild(c.Spec())
	if want := "found /var/lib/etcd/member: data of an etcd"; err == nil || !strings.Contains(output, want) {
		t.Errorf("%v, want %s\n%s", err, want, output)
	}
}

// shellBuild bakes the guest by the templates of a spec, and returns all that Packer prints.
func (l *lab) shellBuild(spec string) (string, error) {
	l.t.Helper()
	out := l.t.TempDir()
	generate := exec.CommandContext(l.ctx, command("etcdbake"), "generate", "-f", spec, "--format", "packer", "--out", out)
	if output, err := generate.CombinedOutput(); err != nil {
		l.t.Fatalf("%v\n%s", err, output)
	}
	template := filepath.Join(out, "packer", "shell", "qemu")
	build, err := os.ReadFile(filepath.Join(template, "build.pkr.hcl"))
	if err != nil {
		l.t.Fatal(err)
	}
	for name, content := range map[string]string{
		"source.pkr.hcl": fmt.Sprintf(guestSource, guestAddress, l.key),
		"build.pkr.hcl":  strings.Replace(string(build), `"source.qemu.etcd"`, `"source.null.etcd"`, 1),
	} {
		if err := os.WriteFile(filepath.Join(template, name), []byte(content), 0o644); err != nil {
			l.t.Fatal(err)
		}
	}
	packer, err := packerWithPlugin(l.ctx, packerbin.Newest)
	if err != nil {
		l.t.Fatal(err)
	}
	args := packer.Args(template)
	cmd := l.net.Command(l.ctx, args[0], args[1:]...)
	cmd.Dir = l.t.TempDir()
	cmd.Env = packer.Env(cmd.Dir)
	output, err := cmd.CombinedOutput()
	return string(output), err
}

//go:build e2e

package packer

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/golden"
)

// lab is a network with mirrors and hosts, for one test. It is torn down when the test ends.
type lab struct {
	t      *testing.T
	ctx    context.Context
	net    *host.Network
	mirror *mirror
	key    string // of an ssh client, a path; its public half is beside it
	logs   string
}

// newLab gives the test five minutes.
func newLab(t *testing.T) *lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	name := strings.NewReplacer("/", "-", "#", "-").Replace(t.Name())
	logs, err := filepath.Abs(cached(filepath.Join("e2e-logs", name)))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(logs); err != nil {
		t.Fatal(err)
	}
	network, err := host.NewNetwork(ctx, name, netip.MustParsePrefix(golden.Prefix))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := network.Close(); err != nil {
			t.Error(err)
		}
	})
	l := &lab{t: t, ctx: ctx, net: network, key: filepath.Join(t.TempDir(), "key"), logs: logs}
	l.mirror = l.serveMirrors()
	keygen := exec.CommandContext(ctx, "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", l.key)
	if output, err := keygen.CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, output)
	}
	return l
}

// guestUserData lets Packer in, as root and as a user who may use sudo.
const guestUserData = `#cloud-config
disable_root: false
manage_etc_hosts: true
ssh_genkeytypes: [ed25519]
users:
  - {name: root, ssh_authorized_keys: [%[1]s]}
  - {name: packer, shell: /bin/bash, sudo: "ALL=(ALL) NOPASSWD:ALL", ssh_authorized_keys: [%[1]s]}
`

// guestAddress is that of the host that is to be baked.
const guestAddress = "10.140.0.9"

// guest boots a host that Packer can bake, as a cloud's builder would, and waits until it is settled.
func (l *lab) guest() *host.Host {
	l.t.Helper()
	public, err := os.ReadFile(l.key + ".pub")
	if err != nil {
		l.t.Fatal(err)
	}
	root, err := rootFS(l.ctx)
	if err != nil {
		l.t.Fatal(err)
	}
	userData := fmt.Sprintf(guestUserData, strings.TrimSpace(string(public)))
	h := l.boot(host.Config{Name: "guest", Address: netip.MustParseAddr(guestAddress), RootFS: root, UserData: []byte(userData)})
	l.exec(h, "sh", "-c", "cloud-init status --wait")
	return h
}

// boot installs a host and switches it on.
func (l *lab) boot(config host.Config) *host.Host {
	l.t.Helper()
	config.Console = filepath.Join(l.logs, config.Name+".console")
	h, err := l.net.New(l.ctx, config)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() {
		if l.t.Failed() {
			l.t.Logf("the console of %s is in %s", h.Name, l.logs)
		}
		if err := h.Close(); err != nil {
			l.t.Errorf("removing %s: %v", h.Name, err)
		}
	})
	if err := h.Boot(l.ctx); err != nil {
		l.t.Fatal(err)
	}
	return h
}

// exec runs a command on a host and returns its output without the white space around it.
func (l *lab) exec(h *host.Host, name string, args ...string) string {
	l.t.Helper()
	out, err := h.Exec(l.ctx, name, args...)
	if err != nil {
		l.t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

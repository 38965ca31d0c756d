//go:build e2e

package packer

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/golden"
)

// TestBakedHostsBecomeAVerifiedCluster bakes one host by a cluster.yaml and boots three from its disk, each with the small
// user-data of its member, where there is no mirror.
func TestBakedHostsBecomeAVerifiedCluster(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	c := golden.New(t, command(""), version, l.mirror.tarball, mirrorURL(goodMirror), "")
	c.Generate(l.ctx, t)
	guest := l.guest()
	begin := time.Now()
	l.succeeds(bake{user: "packer", args: map[string]string{"spec": quoted(c.Spec()), "version": "", "sha256": ""}})
	t.Logf("baked in %v", time.Since(begin).Round(10*time.Millisecond))
	l.checkImage(guest)
	if err := guest.Shutdown(l.ctx); err != nil {
		t.Fatal(err)
	}
	l.mirror.close()

	begin = time.Now()
	var members []*host.Host
	for _, m := range golden.Members() {
		members = append(members, l.boot(host.Config{
			Name: m.Name, Address: netip.MustParseAddr(m.Address), RootFS: guest.Root(), UserData: c.UserData(t, m.Name),
		}))
	}
	c.Verify(l.ctx, t, l.net, "90s")
	t.Logf("verified %v after power-on", time.Since(begin).Round(10*time.Millisecond))
	for _, h := range members {
		if out := l.exec(h, "systemctl", "--failed", "--plain", "--no-legend"); out != "" {
			t.Errorf("%s: %s", h.Name, out)
		}
		out := l.exec(h, "systemctl", "show", "--value", "-p", "Environment", "etcd.service")
		if !strings.Contains(out, "ETCD_MAX_TXN_OPS=256") {
			t.Errorf("%s: the image's settings do not reach etcd.service: %s", h.Name, out)
		}
	}
}

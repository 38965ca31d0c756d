//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/etcdbake/etcdbake/test/internal/release"
)

// TestHostsWithoutAnIPv4AddressBecomeACluster boots hosts that have IPv6 alone, but for 127.0.0.1, from the download to root's
// etcdctl.
func TestHostsWithoutAnIPv4AddressBecomeACluster(t *testing.T) {
	t.Parallel()
	const bridge = "fd00:140::1"
	c := &cluster{lab: newLabAt(t, bridge+"/64"), dir: t.TempDir()}
	spec := "name: e2e\nmembers:\n"
	for i := range 3 {
		spec += fmt.Sprintf("  - {name: master%d, address: 'fd00:140::%d', arch: %s}\n", i+1, i+2, runtime.GOARCH)
	}
	spec += fmt.Sprintf("etcd: {version: %s, sha256: {%s: %s}, mirrors: ['http://[%s]:%d%s']}\n",
		version, runtime.GOARCH, release.SHA256(c.mirror.tarball), bridge, mirrorPort, goodMirror)
	if err := os.WriteFile(filepath.Join(c.dir, "cluster.yaml"), []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	c.etcdbake("generate")
	for i := range 3 {
		name := fmt.Sprintf("master%d", i+1)
		c.add(name, fmt.Sprintf("fd00:140::%d", i+2), c.read("out", "user-data", name+".yaml"))
	}
	c.boot(c.hosts...)
	c.verify()
	for _, h := range c.hosts {
		if addresses := c.exec(h, "ip", "-4", "-o", "addr", "show", "scope", "global"); addresses != "" {
			t.Errorf("%s has IPv4: %s", h.Name, addresses)
		}
		if out := c.verifyHost(h); strings.Contains(out, "exit ") {
			t.Errorf("%s is not as planned:\n%s", h.Name, out)
		}
		if health := c.etcdctl(h, "endpoint", "health"); !strings.HasPrefix(health, "https://127.0.0.1:2379 is healthy") {
			t.Errorf("etcdctl on %s: %s", h.Name, health)
		}
	}
}

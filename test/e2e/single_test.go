//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/release"
)

// singleSpec is a cluster of one member, for what is one host's own affair.
const singleSpec = `name: single
members:
  - {name: master1, address: %s, arch: %s}
etcd:
  version: %s
  sha256: {%s: %s}
  mirrors: [%s]
%s
`

// newSingle generates a cluster of one member, whose spec has further lines, and installs its host.
func newSingle(t *testing.T, further string, mirrors ...string) (*cluster, *host.Host) {
	t.Helper()
	c := &cluster{lab: newLab(t), dir: t.TempDir()}
	return c, c.add("master1", addresses()[0], c.generateSingle(further, mirrors...))
}

// generateSingle writes the spec of newSingle, again or for the first time, and returns the user-data.
func (c *cluster) generateSingle(further string, mirrors ...string) []byte {
	c.t.Helper()
	var urls []string
	for _, mirror := range mirrors {
		if strings.HasPrefix(mirror, "/") {
			mirror = mirrorURL(mirror)
		}
		urls = append(urls, mirror)
	}
	spec := fmt.Sprintf(singleSpec, addresses()[0], runtime.GOARCH, version, runtime.GOARCH, release.SHA256(c.mirror.tarball),
		strings.Join(urls, ", "), further)
	if err := os.WriteFile(filepath.Join(c.dir, "cluster.yaml"), []byte(spec), 0o644); err != nil {
		c.t.Fatal(err)
	}
	c.etcdbake("generate")
	return c.read("out", "user-data", "master1.yaml")
}

// status returns what an operator sees of first boot.
func (c *cluster) status(h *host.Host) string {
	c.t.Helper()
	return c.exec(h, "sh", "-c", "systemctl status --no-pager --full etcdbake-first-boot.service || :")
}

// untilStatus waits until an operator sees all of the texts, and returns how long that took from switching the host on.
func (c *cluster) untilStatus(h *host.Host, texts ...string) time.Duration {
	c.t.Helper()
	err := host.Eventually(c.ctx, func() error {
		status := c.status(h)
		for _, text := range texts {
			if !strings.Contains(status, text) {
				return fmt.Errorf("systemctl status does not say %q:\n%s", text, status)
			}
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	took := time.Since(h.Since()).Round(100 * time.Millisecond)
	for _, text := range texts {
		c.untilConsole(h, text)
	}
	return took
}

// untilHealthy waits for etcd on a host and returns how long that took from switching the host on.
func (c *cluster) untilHealthy(h *host.Host) time.Duration {
	c.t.Helper()
	took, err := c.untilReady(h)
	if err != nil {
		c.t.Fatal(err)
	}
	return took
}

// onDisk writes a file to the disk of a host that is switched off.
func (c *cluster) onDisk(h *host.Host, name, content string) {
	c.t.Helper()
	path := filepath.Join(h.Root(), name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

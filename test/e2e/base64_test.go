//go:build e2e

package e2e

import (
	"os/exec"
	"testing"

	"github.com/etcdbake/etcdbake/generator/cloud"
)

// asOnHetzner is what cloud-init's datasource of Hetzner does with user-data before it looks at them; where that function is has
// changed (cloudinit/sources/DataSourceHetzner.py). Google's decodes base64 because the metadata say so.
const asOnHetzner = `
import sys
from cloudinit import util
try:
    from cloudinit.sources.helpers.hetzner import maybe_b64decode
except ImportError:
    from cloudinit.util import maybe_b64decode
with open("/user-data", "rb") as f:
    sys.stdout.buffer.write(util.decomp_gzip(maybe_b64decode(f.read()), decode=False))
`

func TestCloudInitUnwrapsBase64AsOnHetzner(t *testing.T) {
	t.Parallel()
	const userData = "#cloud-config\nruncmd: [date]\n"
	wrapped, err := cloud.GzipBase64.Wrap([]byte(userData))
	if err != nil {
		t.Fatal(err)
	}
	for _, release := range []string{"bullseye", "bookworm", "trixie"} {
		t.Run(release, func(t *testing.T) {
			c := &cluster{lab: newLab(t), dir: t.TempDir()}
			h := c.addSystem(debian(release), "m1", addresses()[0], nil)
			read := func(content []byte) string {
				c.write(h, "user-data", content, 0o600)
				out, err := exec.CommandContext(c.ctx, "chroot", h.Root(), "python3", "-c", asOnHetzner).CombinedOutput()
				if err != nil {
					t.Fatalf("%v\n%s", err, out)
				}
				return string(out)
			}
			if got := read(wrapped); got != userData {
				t.Errorf("it reads %q", got)
			}
			if got := read(append(wrapped, '\n')); got == userData {
				t.Error("a line end does no harm any more: docs/clouds.md says that it does")
			}
		})
	}
}

//go:build e2e

package e2e

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/userdata"
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

// asWriteFiles lists the files that cloud-init would write, with the digests of their contents.
const asWriteFiles = `
import hashlib, yaml
from cloudinit.config.cc_write_files import canonicalize_extraction, extract_contents
with open("/user-data") as f:
    for file in yaml.safe_load(f)["write_files"]:
        content = extract_contents(file["content"], canonicalize_extraction(file.get("encoding")))
        if isinstance(content, str):
            content = content.encode()
        print(file["path"], hashlib.sha256(content).hexdigest())
`

// TestCloudInitUnpacksFilesThatAreCompressedOneByOne has user-data that are too large for Azure as they are.
func TestCloudInitUnpacksFilesThatAreCompressedOneByOne(t *testing.T) {
	t.Parallel()
	for _, release := range []string{"bullseye", "bookworm", "trixie"} {
		t.Run(release, func(t *testing.T) {
			c := &cluster{lab: newLab(t), dir: t.TempDir()}
			h := c.addSystem(debian(release), "master1", addresses()[0], nil)
			userData := c.generateSingle("target: {cloud: azure}", goodMirror, "http://"+strings.Repeat("a", 60_000)+".example.com")
			c.write(h, "user-data", userData, 0o600)
			out, err := exec.CommandContext(c.ctx, "chroot", h.Root(), "python3", "-c", asWriteFiles).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			read, err := userdata.Decode(userData)
			if err != nil {
				t.Fatal(err)
			}
			var want strings.Builder
			for _, f := range read.Files {
				fmt.Fprintf(&want, "%s %x\n", f.Path, sha256.Sum256(f.Content))
			}
			if diff := cmp.Diff(want.String(), string(out)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if !bytes.Contains(userData, []byte("gz+b64")) {
				t.Error("no file is compressed")
			}
		})
	}
}

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

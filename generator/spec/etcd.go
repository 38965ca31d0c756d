package spec

import (
	"encoding/hex"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// minors are the etcd minors that the tables of flags and the templates know.
func minors() []string { return []string{"3.5", "3.6", "3.7"} }

var versionForm = regexp.MustCompile(`^(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)$`)

// checkEtcd checks the version, and that each tarball that will be downloaded can be verified.
func (d *document) checkEtcd(c *Cluster) {
	known := d.checkVersion(c.Etcd.Version)
	d.checkMirrors(c.Etcd.Mirrors)
	d.checkProxy(c.Etcd.Proxy)
	d.checkBinDir(c)
	for _, arch := range []string{"amd64", "arm64"} {
		d.checkDigest(arch, c.Etcd.SHA256[arch])
	}
	if c.Etcd.Preinstalled {
		for _, key := range []string{"sha256", "mirrors", "proxy"} {
			if d.has("etcd", key) {
				d.errorf(d.node("etcd", key), "remove one of the two",
					"etcd.%s has no use where etcd.preinstalled is true: nothing is downloaded", key)
			}
		}
		return
	}
	if !known {
		return
	}
	for _, arch := range c.Arches() {
		d.checkRelease(c, arch)
	}
}

// checkVersion reports a version that cannot be used.
func (d *document) checkVersion(version string) bool {
	n := d.node("etcd", "version")
	if version == "" || d.bad[n] {
		return false
	}
	if trimmed := strings.TrimPrefix(version, "v"); trimmed != version && versionForm.MatchString(trimmed) {
		d.errorf(n, "write "+trimmed, "etcd.version: %q begins with a v", version)
		return false
	}
	if !versionForm.MatchString(version) {
		d.errorf(n, "write all three parts, for example 3.6.14", "etcd.version: %q is not a version", version)
		return false
	}
	minor := Etcd{Version: version}.Minor()
	switch {
	case slices.Contains([]string{"3.5.0", "3.5.1", "3.5.2"}, version):
		d.errorf(n, "use the newest 3.5, for example "+newestRelease("3.5", []string{"amd64"}),
			"etcd %s can lose data when it is killed under load", version)
		return false
	case slices.Contains(minors(), minor):
		return true
	case strings.HasPrefix(version, "3.") && len(minor) == 3 && minor < "3.5" || version[0] < '3':
		d.errorf(n, "use one of "+either(minors()),
			"etcd %s is at the end of its life: it gets no security fixes", minor)
	default:
		d.errorf(n, "use one of "+either(minors())+", or a newer etcdbake",
			"etcd %s is not known: its settings may differ", minor)
	}
	return false
}

// checkRelease checks that the tarball for one architecture has a digest.
func (d *document) checkRelease(c *Cluster, arch string) {
	n, version, own := d.node("etcd", "version"), c.Etcd.Version, c.Etcd.SHA256[arch]
	known, ok := findRelease(version, arch)
	switch {
	case len(own) == len(known.sha256) && !strings.EqualFold(own, known.sha256):
		d.warnf(d.node("etcd", "sha256", arch), "remove it, unless your mirror has a build of your own",
			"this is not the digest that %s is known by, %s", tarball(version, arch), known.sha256)
	case own != "" || d.bad[d.node("etcd", "sha256", arch)]:
	case !ok:
		hint := fmt.Sprintf("add etcd.sha256.%s from the release's SHA256SUMS file", arch)
		if newest := newestRelease(Etcd{Version: version}.Minor(), c.Arches()); newest != "" {
			hint += ", or use " + newest
		}
		d.errorf(n, hint, "no SHA-256 is known for %s", tarball(version, arch))
	case !known.confirmed:
		d.warnf(n,
			fmt.Sprintf("compare etcd.sha256.%s: %s with the release's SHA256SUMS and put it into the spec", arch, known.sha256),
			"the SHA-256 of %s comes from one source only", tarball(version, arch))
	}
}

func (d *document) checkDigest(arch, digest string) {
	if !d.has("etcd", "sha256", arch) || d.bad[d.node("etcd", "sha256", arch)] {
		return
	}
	if b, err := hex.DecodeString(digest); err != nil || len(b) != 32 {
		d.errorf(d.node("etcd", "sha256", arch), "copy it from the release's SHA256SUMS file",
			"etcd.sha256.%s is not a SHA-256: that is 64 hex digits, this is %q", arch, digest)
	}
}

// checkMirrors checks base URLs. They end up in user-data, which is no place for credentials.
func (d *document) checkMirrors(mirrors []string) {
	all := seen{}
	for i, mirror := range mirrors {
		n := d.node("etcd", "mirrors", i)
		if mirror == "" {
			continue
		}
		u, err := url.Parse(mirror)
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			d.errorf(n, "write it like https://mirror.example.com/etcd", "etcd.mirrors[%d]: %q is not an http or https URL", i, mirror)
		case u.User != nil:
			d.errorf(n, "remove them: user-data can be read by every process on the host", "etcd.mirrors[%d] holds credentials", i)
		case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			d.errorf(n, "give the part before /vX.Y.Z alone", "etcd.mirrors[%d]: a mirror has no query or fragment", i)
		default:
			d.unique(all, n, strings.TrimRight(mirror, "/"), "the mirror %q is there already", mirror)
		}
	}
}

// completeEtcd fills in mirrors and digests for what will be downloaded.
func completeEtcd(c *Cluster) {
	if len(c.Etcd.Mirrors) == 0 {
		c.Etcd.Mirrors = defaultMirrors()
	}
	for i, mirror := range c.Etcd.Mirrors {
		c.Etcd.Mirrors[i] = strings.TrimRight(mirror, "/")
	}
	if c.Etcd.SHA256 == nil {
		c.Etcd.SHA256 = map[string]string{}
	}
	for arch, digest := range c.Etcd.SHA256 {
		c.Etcd.SHA256[arch] = strings.ToLower(digest)
	}
	for _, arch := range c.Arches() {
		if known, ok := findRelease(c.Etcd.Version, arch); ok && c.Etcd.SHA256[arch] == "" {
			c.Etcd.SHA256[arch] = known.sha256
		}
	}
}

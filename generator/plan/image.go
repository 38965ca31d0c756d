package plan

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/templates"
)

// Layout is what a golden image must hold to become any member of such a cluster: no secret, and nothing of one host.
type Layout struct {
	Release Release
	// Proxy is what Install downloads through; empty without one.
	Proxy string
	// BinDir is the folder on the host that the release's programs are in.
	BinDir string
	Files  []File // their folders have mode 0755
	// Install is the command, as root, that makes user etcd and installs Release, given the path of a file with Env
	// as its last word. What it needs is in Files.
	Install []string
	// Cache is where Install looks for the release's tarball before it downloads it.
	Cache string
}

// Release is an etcd release and where it comes from.
type Release struct {
	Version string // "3.6.14"
	Arch    string // "amd64" or "arm64"
	SHA256  string // of the tarball, hex
	Mirrors []string
}

// URLs are where the release's tarball is, in order of preference.
func (r Release) URLs() []string {
	var urls []string
	for _, mirror := range r.Mirrors {
		urls = append(urls, fmt.Sprintf("%s/v%s/etcd-v%s-linux-%s.tar.gz", mirror, r.Version, r.Version, r.Arch))
	}
	return urls
}

// Env returns what Install needs to know; it tries all mirrors so many times before it fails.
func (l Layout) Env(tries int) ([]byte, error) {
	r := l.Release
	return templates.Render(templates.InstallEnv, struct{ Version, Arch, Mirrors, SHA256, Tries, Proxy, BinDir string }{
		r.Version, r.Arch, strings.Join(r.Mirrors, " "), r.SHA256, strconv.Itoa(tries), l.Proxy, ownBinDir(l.BinDir),
	})
}

// ImageFor returns the layout of an image for the cluster's hosts of one architecture. The cluster's tuning and further
// settings go into it as defaults, which a member's own etcd.conf overrides.
func ImageFor(c *spec.Cluster, arch string) (Layout, error) {
	files, err := imageFiles(c)
	if err != nil {
		return Layout{}, err
	}
	defaults, err := render(Image, []rendering{
		{unitDir + "etcd.service.d/image.conf", templates.ImageConf, append(tuning(c.Tuning), furtherSettings(c)...)},
	})
	if err != nil {
		return Layout{}, err
	}
	return Layout{
		Release: Release{c.Etcd.Version, arch, c.Etcd.SHA256[arch], c.Etcd.Mirrors},
		Proxy:   c.Etcd.Proxy,
		BinDir:  c.Etcd.BinDir,
		Files:   append(files, defaults...),
		Install: []string{"/bin/sh", "/etc/etcdbake/first-boot", "install"},
		Cache:   "/var/cache/etcdbake/etcd.tar.gz",
	}, nil
}

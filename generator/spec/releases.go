package spec

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed releases.txt
var releases string

// release is what the built-in table knows of one tarball: a line "3.6.14 amd64 DIGEST twice".
type release struct {
	sha256    string
	confirmed bool // by two independent sources
}

// findRelease looks a tarball up in the built-in table.
func findRelease(version, arch string) (r release, ok bool) {
	_, rest, ok := strings.Cut(releases, "\n"+version+" "+arch+" ")
	if !ok {
		return release{}, false
	}
	line, _, _ := strings.Cut(rest, "\n")
	digest, sources, _ := strings.Cut(line, " ")
	return release{digest, sources == "twice"}, true
}

// newestRelease returns the newest version of a minor that the table has for all the given architectures, "" if none.
func newestRelease(minor string, arches []string) string {
	newest := ""
	for line := range strings.Lines(releases) {
		version, _, _ := strings.Cut(line, " ")
		if !strings.HasPrefix(version, minor+".") {
			continue
		}
		complete := true
		for _, arch := range arches {
			_, ok := findRelease(version, arch)
			complete = complete && ok
		}
		if complete {
			newest = version // the table is sorted
		}
	}
	return newest
}

// tarball is the name of a release file.
func tarball(version, arch string) string {
	return fmt.Sprintf("etcd-v%s-linux-%s.tar.gz", version, arch)
}

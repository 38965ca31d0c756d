package generator

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/etcdbake/etcdbake/generator/spec"
)

// stale returns what may be left below out of former runs and is no more true: everything of hosts that are no members any
// more, and of members what was written in another form than now. All of it holds keys, and nobody should start a host with
// it. A member's tar stays when user-data are written, and the other way round: they are for different hosts, and whoever
// wants both makes both.
func stale(former []string, now []artefact, summary *Summary) []Removal {
	written := map[string]bool{}
	for _, a := range now {
		written[a.path] = true
	}
	var all []Removal
	add := func(files []string, reason string) {
		for _, file := range files {
			if !written[file] {
				all = append(all, Removal{file, reason})
			}
		}
	}
	for _, name := range former {
		if !slices.ContainsFunc(summary.Cluster.Members, func(m spec.Member) bool { return m.Name == name }) {
			add(append(hostFiles(name), tarFile(name)), "not a member any more")
		}
	}
	if _, ok := hostFormatOf(summary.Format); !ok {
		return all
	}
	for _, a := range now {
		if a.member != "" {
			add(hostFiles(a.member), a.member+" has "+a.path+" now")
		}
	}
	return all
}

// hostFiles are all artefacts that a run with any format may have written for a member, but for its tar.
func hostFiles(member string) []string {
	var all []string
	for _, format := range hostFormats() {
		all = append(all, format.files(member)...)
	}
	return all
}

// removeStale removes those of the files that exist, with what a killed run has left of them, and returns these.
func removeStale(out string, files []Removal) (removed []Removal, err error) {
	for _, file := range files {
		path := below(out, file.Path)
		for _, name := range []string{path, temporaryName(path)} {
			if err := os.Remove(name); errors.Is(err, fs.ErrNotExist) {
				continue
			} else if err != nil {
				return removed, err
			}
			removed = append(removed, Removal{name, file.Reason})
			// Removing a folder fails, as it should, unless it is empty now.
			for dir := filepath.Dir(name); dir != filepath.Clean(out) && os.Remove(dir) == nil; dir = filepath.Dir(dir) {
			}
		}
	}
	return removed, nil
}

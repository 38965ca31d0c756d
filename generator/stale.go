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
	there := map[string]map[string]bool{} // the names in a folder; looking each file up costs more, as hardly any exists
	for _, file := range files {
		path := below(out, file.Path)
		folder := filepath.Dir(path)
		if there[folder] == nil {
			if there[folder], err = namesIn(folder); err != nil {
				return removed, err
			}
		}
		for _, name := range []string{path, temporaryName(path)} {
			if !there[folder][filepath.Base(name)] {
				continue
			}
			if err := os.Remove(name); err != nil {
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

// namesIn returns what is in a folder, which need not exist.
func namesIn(folder string) (map[string]bool, error) {
	names := map[string]bool{}
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, entry := range entries {
		names[entry.Name()] = true
	}
	return names, nil
}

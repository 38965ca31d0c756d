package generator

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/etcdbake/etcdbake/generator/durable"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// expectFile is where in out/ the expectation is.
const expectFile = "expect.json"

func tarFile(name string) string { return "rootfs/" + name + ".tar" }

// write puts the artefacts into out and notes in summary what it wrote. Each is first written in full under another name;
// once all of them are on disk they are renamed, expect.json last, so that it never describes a cluster whose user-data are not
// there. It lets go of their contents.
func write(o Options, all []artefact, summary *Summary) error {
	made, err := makeFolder(o.Out, 0o755)
	if err != nil {
		return err
	}
	var old []Removal
	if !made { // else there is nothing to look for
		former, err := formerMembers(summary.Expect)
		if err != nil {
			return err
		}
		old = stale(former, all, summary)
	}
	if err := makeFolders(o.Out, all); err != nil {
		return err
	}
	written := make([]Artefact, len(all))
	var changed []string
	for i, a := range all {
		path := below(o.Out, a.path)
		written[i] = Artefact{
			Member: a.member, Path: path, Encoding: a.encoding, Size: len(a.content), Limit: a.limit, NotAfter: a.notAfter,
		}
		if written[i].Changed, err = prepare(path, a.content, a.mode, made); err != nil {
			break
		}
		if written[i].Changed {
			changed = append(changed, temporaryName(path))
		}
		all[i].content = nil
	}
	if err == nil {
		err = cmp.Or[durable.Disk](o.Disk, durable.Each{}).Sync(o.Out, changed...)
	}
	if err != nil {
		for _, temporary := range changed {
			err = errors.Join(err, os.Remove(temporary))
		}
		return err
	}
	return publish(o.Out, all, written, old, summary)
}

// publish renames what write has written, and removes what is no more true.
func publish(out string, all []artefact, written []Artefact, old []Removal, summary *Summary) (err error) {
	expectation := slices.IndexFunc(all, func(a artefact) bool { return a.path == expectFile })
	for i, a := range all {
		if i == expectation {
			continue
		}
		if err := rename(written[i]); err != nil {
			return err
		}
		if a.member != "" {
			summary.Members = append(summary.Members, written[i])
		} else {
			summary.Shared = append(summary.Shared, written[i])
		}
	}
	if summary.Removed, err = removeStale(out, old); err != nil || expectation < 0 {
		return err
	}
	return rename(written[expectation])
}

func rename(a Artefact) error {
	if !a.Changed {
		return nil
	}
	return durable.Rename(temporaryName(a.Path), a.Path)
}

func below(out, path string) string { return filepath.Join(out, filepath.FromSlash(path)) }

// makeFolder makes a folder, and those above it, where it is not there; made is true where nobody can have put anything into it.
func makeFolder(dir string, mode fs.FileMode) (made bool, err error) {
	if err = os.Mkdir(dir, mode); err == nil {
		return true, nil
	}
	return false, os.MkdirAll(dir, mode)
}

// makeFolders makes the folders of all artefacts below out, which is there. One with a secret in it is its owner's alone from the first moment.
func makeFolders(out string, all []artefact) error {
	modes := map[string]fs.FileMode{}
	for _, a := range all {
		dir := below(out, path.Dir(a.path))
		if a.mode&0o077 == 0 {
			modes[dir] = 0o700
		} else if modes[dir] == 0 {
			modes[dir] = 0o755
		}
	}
	delete(modes, filepath.Clean(out))
	for _, dir := range slices.Sorted(maps.Keys(modes)) {
		if _, err := makeFolder(dir, modes[dir]); err != nil {
			return err
		}
		if modes[dir] == 0o700 {
			if err := os.Chmod(dir, 0o700); err != nil {
				return err
			}
		}
	}
	return nil
}

// prepare writes content to the temporary name of path, to be renamed: a reader of path sees the old file or the new one, whole.
// It does nothing where path has that content already. The temporary name is fixed, so that what a killed run has left is
// written over by the next one. In a folder that is made by this run there is nothing to compare with.
func prepare(path string, content []byte, mode fs.FileMode, made bool) (changed bool, err error) {
	if !made {
		if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
			return false, os.Chmod(path, mode)
		}
	}
	temporary := temporaryName(path)
	err = durable.Write(temporary, content, mode)
	if errors.Is(err, fs.ErrExist) {
		if err = os.Remove(temporary); err == nil {
			err = durable.Write(temporary, content, mode)
		}
	}
	if err != nil {
		_ = os.Remove(temporary) // half of it, on a full disk
		return false, err
	}
	return true, nil
}

func temporaryName(path string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
}

// formerMembers returns the names of members whose artefacts the last run wrote, by its expect.json; none where no path is
// given.
func formerMembers(expectPath string) ([]string, error) {
	if expectPath == "" {
		return nil, nil
	}
	content, err := os.ReadFile(expectPath)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var former expect.Cluster
	if err := json.Unmarshal(content, &former); err != nil || former.Schema != expect.Schema {
		return nil, fmt.Errorf("%s is not etcdbake's, so it is not replaced: move it away or choose another --out", expectPath)
	}
	var names []string
	for _, m := range former.Members {
		names = append(names, filepath.Base(m.Name))
	}
	return names, nil
}

package generator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/etcdbake/etcdbake/verify/expect"
)

// expectFile is where in out/ the expectation is.
const expectFile = "expect.json"

func tarFile(name string) string { return "rootfs/" + name + ".tar" }

// write puts the artefacts into out, side by side, and notes in summary what it wrote. expect.json comes last, so that it
// never describes a cluster whose user-data are not there.
func write(ctx context.Context, out string, all []artefact, summary *Summary) error {
	former, err := formerMembers(summary.Expect)
	if err != nil {
		return err
	}
	if err := makeFolders(out, all); err != nil {
		return err
	}
	written := make([]Artefact, len(all))
	group, ctx := errgroup.WithContext(ctx)
	for i, a := range all {
		path := below(out, a.path)
		written[i] = Artefact{
			Member: a.member, Path: path, Encoding: a.encoding, Size: len(a.content), Limit: a.limit, NotAfter: a.notAfter,
		}
		if a.path == expectFile {
			continue
		}
		group.Go(func() error {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			changed, err := replace(path, a.content, a.mode)
			written[i].Changed = changed
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if summary.Removed, err = removeStale(out, stale(former, all, summary)); err != nil {
		return err
	}
	for i, a := range all {
		switch {
		case a.path == expectFile:
			_, err = replace(written[i].Path, a.content, a.mode)
		case a.member != "":
			summary.Members = append(summary.Members, written[i])
		default:
			summary.Shared = append(summary.Shared, written[i])
		}
	}
	return err
}

func below(out, path string) string { return filepath.Join(out, filepath.FromSlash(path)) }

// makeFolders makes the folders of all artefacts. One with a secret in it is its owner's alone from the first moment.
func makeFolders(out string, all []artefact) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	modes := map[string]fs.FileMode{}
	for _, a := range all {
		dir := below(out, path.Dir(a.path))
		if a.mode&0o077 == 0 {
			modes[dir] = 0o700
		} else if modes[dir] == 0 {
			modes[dir] = 0o755
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(modes)) {
		if err := os.MkdirAll(dir, modes[dir]); err != nil {
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

// replace writes content to path by rename, unless path has it already; a reader sees the old file or the new one, whole. The
// temporary name is fixed, so that what a killed run has left is written over by the next one.
func replace(path string, content []byte, mode fs.FileMode) (changed bool, err error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return false, os.Chmod(path, mode)
	}
	temporary := temporaryName(path)
	if err := os.Remove(temporary); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	file, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return false, err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(temporary, path)
	}
	if err != nil {
		return false, errors.Join(err, os.Remove(temporary))
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

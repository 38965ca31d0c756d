package generator

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// write puts the artefacts into out and notes in summary what it wrote. The user-data come first, side by side, and
// expect.json last, so that it never describes a cluster whose user-data are not there.
func write(ctx context.Context, out string, members []userData, expectation []byte, summary *Summary) error {
	former, err := formerMembers(summary.Expect)
	if err != nil {
		return err
	}
	dir := filepath.Join(out, "user-data")
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(dir, 0o700); err != nil {
		return err
	}
	summary.Members = make([]Artefact, len(members))
	group, ctx := errgroup.WithContext(ctx)
	for i, m := range members {
		group.Go(func() error {
			if err := context.Cause(ctx); err != nil {
				return err
			}
			path := userDataPath(out, m.member.Name)
			changed, err := replace(path, m.content, 0o600)
			summary.Members[i] = Artefact{m.member.Name, path, len(m.content), m.limit, m.notAfter, changed}
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	summary.Removed, err = removeFormer(out, former, summary.Cluster.Members)
	if err != nil {
		return err
	}
	_, err = replace(summary.Expect, expectation, 0o644)
	return err
}

func userDataPath(out, member string) string { return filepath.Join(out, "user-data", member+".yaml") }

// replace writes content to path by rename, unless path has it already; a reader sees the old file or the new one, whole. The
// temporary name is fixed, so that what a killed run has left is written over by the next one.
func replace(path string, content []byte, mode fs.FileMode) (changed bool, err error) {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, content) {
		return false, os.Chmod(path, mode)
	}
	temporary := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
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

// formerMembers returns the members whose user-data the last run wrote, by its expect.json.
func formerMembers(expectPath string) ([]expect.Member, error) {
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
	return former.Members, nil
}

// removeFormer removes the user-data of hosts that are no members any more: it holds keys, and nobody should start a host
// with it. Files that etcdbake did not write are left alone.
func removeFormer(out string, former []expect.Member, now []spec.Member) (removed []string, err error) {
	for _, m := range former {
		if slices.ContainsFunc(now, func(member spec.Member) bool { return member.Name == m.Name }) {
			continue
		}
		path := userDataPath(out, filepath.Base(m.Name))
		if err := os.Remove(path); errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return removed, err
		}
		removed = append(removed, path)
	}
	return removed, nil
}

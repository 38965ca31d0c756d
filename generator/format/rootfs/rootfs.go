// Package rootfs encodes a plan as a tar that is unpacked over a root file system, for image builders that are neither
// cloud-init nor Packer. Equal plans give equal bytes.
package rootfs

import (
	"archive/tar"
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/etcdbake/etcdbake/generator/plan"
)

const unitDir = "etc/systemd/system"

// modified is when every entry was changed: any time will do that is the same in every run and in the past of every host.
func modified() time.Time { return time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC) }

// Image returns the tar of an image's files. It enables no unit.
func Image(files []plan.File) ([]byte, error) {
	return encode(entries(nil, files))
}

// Host returns the tar of everything that one host has of its own or for the first time. Its unit is enabled, since there
// may be no cloud-init to do it.
func Host(host plan.Host) ([]byte, error) {
	all := entries(host.Directories, host.Files)
	return encode(append(all, entry{header: tar.Header{
		Typeflag: tar.TypeSymlink,
		// What `systemctl enable` makes of the unit's WantedBy=multi-user.target.
		Name:     path.Join(unitDir, "multi-user.target.wants", host.Unit),
		Linkname: "/" + path.Join(unitDir, host.Unit),
		Mode:     0o777,
	}}))
}

// entry is one member of a tar.
type entry struct {
	header  tar.Header
	content []byte
}

// entries returns the directories, those of ours that the files need, and the files. Directories that every system has are
// not in it: some systems have links there, which tar would replace.
func entries(directories []plan.Directory, files []plan.File) []entry {
	modes := map[string]fs.FileMode{}
	for _, f := range files {
		for dir := path.Dir(f.Path); !isSystems(dir); dir = path.Dir(dir) {
			modes[dir] = 0o755
		}
	}
	for _, d := range directories {
		modes[d.Path] = d.Mode
	}
	var all []entry
	for dir, mode := range modes {
		all = append(all, entry{header: tar.Header{Typeflag: tar.TypeDir, Name: name(dir) + "/", Mode: int64(mode.Perm())}})
	}
	for _, f := range files {
		all = append(all, entry{
			tar.Header{Typeflag: tar.TypeReg, Name: name(f.Path), Mode: int64(f.Mode.Perm()), Size: int64(len(f.Content))},
			f.Content,
		})
	}
	return all
}

// isSystems tells whether a directory is there on every system with systemd (file-hierarchy(7)).
func isSystems(dir string) bool {
	return slices.Contains([]string{
		"/", "/etc", "/etc/profile.d", "/" + unitDir, "/etc/systemd", "/opt", "/usr", "/usr/local", "/usr/local/bin",
	}, dir)
}

func name(path string) string { return strings.TrimPrefix(path, "/") }

// encode sorts the entries, so that a directory comes before what is in it. Owners are root by number, without a name.
func encode(all []entry) ([]byte, error) {
	slices.SortFunc(all, func(a, b entry) int { return cmp.Compare(a.header.Name, b.header.Name) })
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, e := range all {
		e.header.ModTime = modified()
		if err := w.WriteHeader(&e.header); err != nil {
			return nil, fmt.Errorf("%s: %w", e.header.Name, err)
		}
		if _, err := w.Write(e.content); err != nil {
			return nil, fmt.Errorf("%s: %w", e.header.Name, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

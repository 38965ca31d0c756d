package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/etcdbake/etcdbake/generator/durable"
)

// entry is a folder or a file of one cluster.
type entry struct {
	path    string // below the cluster's folder
	mode    fs.FileMode
	content []byte
}

// entriesOf reads all that is below a folder, parents first.
func entriesOf(dir string) (all []entry, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		e := entry{mode: info.Mode()}
		if e.path, err = filepath.Rel(dir, path); err == nil && !d.IsDir() {
			e.content, err = os.ReadFile(path)
		}
		all = append(all, e)
		return err
	})
	return all, err
}

// bareWithFiles is bare, and for each cluster writes all that is below like into a folder of its own in to; when all are written it
// syncs them, once.
func bareWithFiles(clusters int, like, to string) error {
	all, err := entriesOf(like)
	if err != nil {
		return err
	}
	disk, err := durable.NewGroup(to)
	if err != nil {
		return err
	}
	defer disk.Close()
	err = bare(clusters, func(cluster int) error { return writeEntries(filepath.Join(to, strconv.Itoa(cluster)), all) })
	if err != nil {
		return err
	}
	return disk.Sync(to, to)
}

// writeEntries asks the system for as little as can be.
func writeEntries(dir string, all []entry) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	for _, e := range all {
		path, write := dir+"/"+e.path, os.Mkdir
		if !e.mode.IsDir() {
			write = func(path string, mode fs.FileMode) error { return durable.Write(path, e.content, mode) }
		}
		if err := write(path, e.mode.Perm()); err != nil {
			return err
		}
	}
	return nil
}

// Package durable makes what was written survive a power cut: file by file for one cluster, and for many clusters at a time
// by whole file systems, which waits for the disk once for all of them.
package durable

import (
	"errors"
	"os"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// Disk is what files are on. It may be used by several goroutines.
type Disk interface {
	// Sync returns once the content of the files and the entries of the folders that are named are durable. All are on the
	// file system of folder.
	Sync(folder string, names ...string) error
}

// Each syncs every file and folder by itself.
type Each struct{}

// maxOpen is how many files are open at a time: fewer than any system allows.
const maxOpen = 64

// Sync syncs side by side, since file systems batch concurrent syncs.
func (Each) Sync(_ string, names ...string) error {
	var g errgroup.Group
	g.SetLimit(maxOpen)
	for _, name := range names {
		g.Go(func() error { return syncOne(name) })
	}
	return g.Wait()
}

func syncOne(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	err = f.Sync()
	// Not every file system can sync a folder.
	if info, statErr := f.Stat(); errors.Is(err, syscall.EINVAL) && statErr == nil && info.IsDir() {
		return nil
	}
	return err
}

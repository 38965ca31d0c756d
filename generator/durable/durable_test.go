package durable

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

func TestEachSyncsFilesAndFolders(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "a")
	if err := Write(file, []byte("a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (Each{}).Sync(dir, file, dir); err != nil {
		t.Error(err)
	}
	if err := (Each{}).Sync(dir, file, filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing file: %v, want that it does not exist", err)
	}
}

func TestWriteWritesANewFileOnly(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a")
	if err := Write(path, []byte("first"), 0o640); err != nil {
		t.Fatal(err)
	}
	err := Write(path, []byte("second"), 0o600)
	if want := "open " + path + ": file exists"; !errors.Is(err, fs.ErrExist) || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
	content, err := os.ReadFile(path)
	if err != nil || string(content) != "first" {
		t.Errorf("%q, error %v, want what was there first", content, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode() != 0o640 {
		t.Errorf("mode %v, error %v, want 0640", info.Mode(), err)
	}
	if err := Write("/dev/full/a", nil, 0o600); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("error %v, want that it is no folder", err)
	}
}

// Whoever comes, however many, is answered; and on another file system than was announced too.
func TestAGroupSyncsForAllWhoCome(t *testing.T) {
	dir := t.TempDir()
	for name, folders := range map[string][]string{"announced": {dir, dir}, "not announced": nil} {
		t.Run(name, func(t *testing.T) {
			g, err := NewGroup(folders...)
			if err != nil {
				t.Fatal(err)
			}
			defer g.Close()
			var all sync.WaitGroup
			for range 100 {
				all.Go(func() {
					if err := g.Sync(dir, dir); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		})
	}
	if _, err := NewGroup(filepath.Join(dir, "missing")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a missing folder: %v, want that it does not exist", err)
	}
}

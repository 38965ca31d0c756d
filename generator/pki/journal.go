package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/etcdbake/etcdbake/generator/durable"
)

// The journal makes a run atomic: kill -9, power cut or full disk, at any instant. All new files are first written, in
// full and synced, into the folder .staging, in the folders that they will be in. Renaming it to .commit is the one instant at
// which the run happens: before it, nothing has changed; after it, whoever opens the folder next moves what is left in .commit
// to its place. So half of a pair in pki/ is never our doing, and an existing file is only ever replaced by a run that was
// complete.
const (
	stagingDir = ".staging"
	commitDir  = ".commit"
)

// file is one file of pki/ to be written; name is its slash-separated path in pki/.
type file struct {
	name    string
	content []byte
}

// journal writes into one pki/ folder; its caller holds the lock.
type journal struct {
	dir  string
	disk durable.Disk
}

// apply puts files into place, all or none. An error that comes after the commit leaves the rest to recover.
func (j journal) apply(files []file) error {
	err := j.stage(files)
	if err == nil {
		err = durable.Rename(j.path(stagingDir), j.path(commitDir))
	}
	if err != nil {
		// A courtesy that may fail: recover removes it too.
		_ = os.RemoveAll(j.path(stagingDir))
		return fmt.Errorf("nothing was changed in %s: %w", j.dir, err)
	}
	return j.rollForward()
}

// recover ends what an interrupted run began: forward if it was committed, back if not. It returns how many files it put into
// place.
func (j journal) recover() (files int, err error) {
	_, err = os.Lstat(j.path(commitDir))
	if err == nil {
		if files, err = countFiles(j.path(commitDir)); err == nil {
			err = j.rollForward()
		}
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return 0, err
	}
	// A folder that cannot be written to is fine as long as there is nothing to do.
	if _, err := os.Lstat(j.path(stagingDir)); errors.Is(err, fs.ErrNotExist) {
		return files, nil
	}
	if err := os.RemoveAll(j.path(stagingDir)); err != nil {
		return 0, fmt.Errorf("cannot remove what an interrupted run left: %w", err)
	}
	return files, nil
}

func countFiles(dir string) (files int, err error) {
	err = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files++
		}
		return err
	})
	return files, err
}

// stage writes all files and their folders, and syncs them at once. Only their owner can ever read them.
func (j journal) stage(files []file) error {
	narrowed, err := makeDir(j.path(stagingDir)) // then all others are too
	if err != nil {
		return err
	}
	written := []string{j.path(stagingDir)}
	made := map[string]bool{}
	for _, f := range files {
		for _, folder := range folders(f.name) {
			if made[folder] {
				continue
			}
			made[folder] = true
			written = append(written, j.path(stagingDir, folder))
			if err := os.Mkdir(j.path(stagingDir, folder), 0o700); err != nil {
				return err
			}
			if narrowed {
				if err := os.Chmod(j.path(stagingDir, folder), 0o700); err != nil {
					return err
				}
			}
		}
		name := j.path(stagingDir, f.name)
		written = append(written, name)
		if err := durable.Write(name, f.content, 0o600); err != nil {
			return err
		}
		if narrowed {
			if err := os.Chmod(name, 0o600); err != nil {
				return err
			}
		}
	}
	return j.disk.Sync(j.dir, written...)
}

// rollForward moves what is in .commit to its place and then removes it. It can be interrupted and repeated.
func (j journal) rollForward() (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n%s is complete: clear this up and run again, it will be continued; do not delete it",
				err, j.path(commitDir))
		}
	}()
	// The commit itself must not be lost once a file has been moved; nor the folder that it is in, which is new if its CA is.
	changed := []string{j.dir}
	if _, err := os.Lstat(j.path(commitDir, certFile(caName))); err == nil {
		changed = append(changed, filepath.Dir(j.dir))
	}
	if err := j.disk.Sync(j.dir, changed...); err != nil {
		return err
	}
	changed = []string{j.dir}
	if err := j.moveEntries(".", &changed); err != nil {
		return err
	}
	if err := j.disk.Sync(j.dir, changed...); err != nil {
		return err
	}
	return os.Remove(j.path(commitDir))
}

// moveEntries moves what is in a folder of .commit to its place, and adds the folders that it changes to changed.
func (j journal) moveEntries(folder string, changed *[]string) error {
	entries, err := os.ReadDir(j.path(commitDir, folder))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := j.move(path.Join(folder, e.Name()), e.IsDir(), changed); err != nil {
			return err
		}
	}
	return nil
}

// move renames a file or a folder of .commit to its place. What is in a folder that is there already moves one by one. A CA
// that is there is never replaced, whatever a journal says: that can only be a journal beside which somebody restored another
// CA.
func (j journal) move(name string, isDir bool, changed *[]string) error {
	from, to := j.path(commitDir, name), j.path(name)
	if isCA(name) {
		if _, err := os.Lstat(to); err == nil {
			return invalid("%s would be replaced by an interrupted run, and a CA never is: move it away if %s is the right one",
				to, from)
		}
	}
	err := durable.Rename(from, to)
	if isDir {
		*changed = append(*changed, to)
		if errors.Is(err, fs.ErrExist) {
			if err := j.moveEntries(name, changed); err != nil {
				return err
			}
			return os.Remove(from)
		}
	}
	return err
}

func (j journal) path(elem ...string) string {
	return filepath.Join(append([]string{j.dir}, elem...)...)
}

// folders returns the folders above a file, parents first: members and members/master1 for members/master1/peer.pem.
func folders(name string) (dirs []string) {
	for d := path.Dir(name); d != "."; d = path.Dir(d) {
		dirs = append([]string{d}, dirs...)
	}
	return dirs
}

// makeDir makes one folder, open to its owner alone whatever the umask is. It tells whether an umask took something from the owner,
// which it has given back.
func makeDir(name string) (narrowed bool, err error) {
	if err := os.Mkdir(name, 0o700); err != nil {
		return false, err
	}
	info, err := os.Lstat(name)
	if err != nil || info.Mode().Perm() == 0o700 {
		return false, err
	}
	return true, os.Chmod(name, 0o700)
}

package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// The journal makes a run atomic: kill -9, power cut or full disk, at any instant. All new files are first written, in
// full and synced, into the folder .staging. Renaming it to .commit is the one instant at which the run happens: before it,
// nothing has changed; after it, whoever opens the folder next moves what is left in .commit to its place. So half of a
// pair in pki/ is never our doing, and an existing file is only ever replaced by a run that was complete.
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
type journal struct{ dir string }

// apply puts files into place, all or none. An error that comes after the commit leaves the rest to recover.
func (j journal) apply(files []file) error {
	made, err := j.makeDirs(files)
	if err == nil {
		err = j.stage(files)
	}
	if err == nil {
		err = os.Rename(j.path(stagingDir), j.path(commitDir))
	}
	if err != nil {
		j.undo(made)
		return fmt.Errorf("nothing was changed in %s: %w", j.dir, err)
	}
	_, err = j.rollForward()
	return err
}

// recover ends what an interrupted run began: forward if it was committed, back if not. It returns the names of the files
// that it put into place.
func (j journal) recover() ([]string, error) {
	names, err := j.rollForward()
	if err != nil {
		return nil, err
	}
	// A folder that cannot be written to is fine as long as there is nothing to do.
	if _, err := os.Lstat(j.path(stagingDir)); errors.Is(err, fs.ErrNotExist) {
		return names, nil
	}
	if err := os.RemoveAll(j.path(stagingDir)); err != nil {
		return nil, fmt.Errorf("cannot remove what an interrupted run left: %w", err)
	}
	return names, nil
}

// makeDirs makes the folders that files need, so that no space is needed for them after the commit, and returns those that
// were not there, parents first.
func (j journal) makeDirs(files []file) (made []string, err error) {
	for _, f := range files {
		for _, name := range folders(f.name) {
			switch err := makeDir(j.path(name)); {
			case err == nil:
				made = append(made, j.path(name))
			case !errors.Is(err, fs.ErrExist):
				return made, err
			}
		}
	}
	return made, nil
}

// stage writes and syncs all files side by side (file systems batch concurrent syncs). Names are path-escaped, so that
// .staging is one flat folder.
func (j journal) stage(files []file) error {
	if err := makeDir(j.path(stagingDir)); err != nil {
		return err
	}
	g := syncers()
	for _, f := range files {
		g.Go(func() error { return writeFile(j.path(stagingDir, url.PathEscape(f.name)), f.content) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	return syncDir(j.path(stagingDir))
}

// syncers runs functions that wait for the disk side by side, but with fewer files open than any system allows.
func syncers() *errgroup.Group {
	g := &errgroup.Group{}
	g.SetLimit(64)
	return g
}

// undo removes what was made before the commit. It is a courtesy and may fail: recover removes .staging too, and an empty
// folder means nothing.
func (j journal) undo(made []string) {
	_ = os.RemoveAll(j.path(stagingDir))
	for _, d := range slices.Backward(made) {
		_ = os.Remove(d)
	}
}

// rollForward moves the files of .commit to their places and then removes it. It can be interrupted and repeated.
func (j journal) rollForward() (names []string, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%w\n%s is complete: clear this up and run again, it will be continued; do not delete it",
				err, j.path(commitDir))
		}
	}()
	entries, err := os.ReadDir(j.path(commitDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	// The commit itself must not be lost once a file has been moved.
	if err := syncDir(j.dir); err != nil {
		return nil, err
	}
	changed := map[string]bool{".": true}
	for _, e := range entries {
		name, err := url.PathUnescape(e.Name())
		if err != nil || !filepath.IsLocal(name) {
			return nil, invalid("%s is no file of ours", j.path(commitDir, e.Name()))
		}
		if err := j.move(e.Name(), name); err != nil {
			return nil, err
		}
		names = append(names, name)
		for _, d := range folders(name) {
			changed[d] = true
		}
	}
	g := syncers()
	for d := range changed {
		g.Go(func() error { return syncDir(j.path(d)) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return names, os.Remove(j.path(commitDir))
}

// move renames one file of .commit to its place. A CA that is there is never replaced, whatever a journal says: that can
// only be a journal beside which somebody restored another CA.
func (j journal) move(entry, name string) error {
	target := j.path(name)
	if isCA(name) {
		if _, err := os.Lstat(target); err == nil {
			return invalid("%s would be replaced by an interrupted run, and a CA never is: move it away if %s is the right one",
				target, j.path(commitDir, entry))
		}
	}
	for _, d := range folders(name) {
		if err := makeDir(j.path(d)); err != nil && !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
	return os.Rename(j.path(commitDir, entry), target)
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

// makeDir makes one folder, open to its owner alone whatever the umask is.
func makeDir(name string) error {
	if err := os.Mkdir(name, 0o700); err != nil {
		return err
	}
	return os.Chmod(name, 0o700)
}

// writeFile writes and syncs a new file that only its owner can ever read. The chmod gives back what an umask took from the
// owner.
func writeFile(name string, content []byte) (err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if err := f.Chmod(0o600); err != nil {
		return err
	}
	if _, err := f.Write(content); err != nil {
		return err
	}
	return f.Sync()
}

// syncDir makes a folder's entries durable, where the file system can sync a folder.
func syncDir(name string) error {
	d, err := os.Open(name)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

package pki

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	cflog "github.com/cloudflare/cfssl/log"
	"github.com/gofrs/flock"

	"github.com/etcdbake/etcdbake/generator/durable"
)

const lockFile = ".lock"

// Options are what a Store does besides keeping what is there.
type Options struct {
	// Renew names leaves to issue anew, with new keys: "all", "members/master1", "members/master1/peer", "clients/verify".
	// A CA is never issued anew.
	Renew []string
	// Clock is time.Now where it is nil.
	Clock func() time.Time
	// Disk syncs what is written; each file by itself where it is nil.
	Disk durable.Disk
	// Alone computes on one processor, for who has others to do meanwhile.
	Alone bool
}

// Store is an open and locked pki/ folder.
type Store struct {
	dir       string
	made      bool // by Open
	filled    bool // by Ensure
	options   Options
	lock      *flock.Flock
	recovered int // files that an interrupted run had left to be put into place
}

// Open makes the folder if it is not there (its parent must be), locks it against every other process, and completes or
// clears away what an interrupted run left. The error is ErrLocked where another process has it open.
func Open(dir string, o Options) (*Store, error) {
	silenceCFSSL()
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Disk == nil {
		o.Disk = durable.Each{}
	}
	made, err := openDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, made: made, options: o, lock: flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))}
	switch locked, err := s.lock.TryLock(); {
	case err != nil:
		return nil, fmt.Errorf("cannot lock %s: %w", dir, err)
	case !locked:
		return nil, &kindError{ErrLocked, fmt.Errorf("another etcdbake is working in %s: try again when it is done", dir)}
	}
	if s.recovered, err = s.journal().recover(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close lets go of the lock. A folder that Open made and that nothing was put into goes again.
func (s *Store) Close() error {
	if s.made && !s.filled {
		if entries, err := os.ReadDir(s.dir); err == nil && len(entries) == 1 {
			return errors.Join(os.Remove(s.lock.Path()), os.Remove(s.dir), s.lock.Close())
		}
	}
	return s.lock.Close()
}

func (s *Store) journal() journal { return journal{s.dir, s.options.Disk} }

// openDir makes the folder, or makes sure that what is there is a folder that only its owner can enter.
func openDir(dir string) (made bool, err error) {
	_, err = makeDir(dir)
	if err == nil {
		return true, nil // the journal syncs its parent
	}
	if !errors.Is(err, fs.ErrExist) {
		return false, fmt.Errorf("cannot make the PKI folder: %w", err)
	}
	info, err := os.Stat(dir)
	if err != nil {
		return false, err
	}
	if !info.IsDir() {
		return false, invalid("%s is a file, not a folder: move it away, or choose another PKI folder", dir)
	}
	return false, checkPrivate(dir, dir)
}

// silenceCFSSL keeps cfssl from logging each step to stderr; it can only be told so for the whole process.
var silenceCFSSL = sync.OnceFunc(func() { cflog.Level = cflog.LevelFatal })

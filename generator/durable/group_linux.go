package durable

import (
	"fmt"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// Group is a Disk for many clusters at a time. It syncs whole file systems with syncfs(2), and who comes while it does so
// shares the next one.
type Group struct {
	systems map[uint64]*fileSystem // by device
}

// NewGroup returns a Group for files below the folders, which must exist. Before Linux 5.8, whose syncfs does not report
// that something could not be written, it syncs each file.
func NewGroup(folders ...string) (*Group, error) {
	g := &Group{systems: map[uint64]*fileSystem{}}
	if !syncfsReportsErrors() {
		return g, nil
	}
	for _, folder := range folders {
		// Opened before anything is written: errors are reported to those who had the file system open.
		f, err := os.Open(folder)
		if err != nil {
			g.Close()
			return nil, err
		}
		device, err := deviceOf(folder)
		if err == nil && g.systems[device] == nil {
			g.systems[device] = &fileSystem{root: f}
			continue
		}
		f.Close()
		if err != nil {
			g.Close()
			return nil, err
		}
	}
	return g, nil
}

// Sync is Disk's.
func (g *Group) Sync(folder string, names ...string) error {
	device, err := deviceOf(folder)
	if err != nil {
		return err
	}
	if system := g.systems[device]; system != nil {
		return system.sync()
	}
	return Each{}.Sync(folder, names...)
}

// Close lets go of the file systems; nobody may be in Sync.
func (g *Group) Close() {
	for _, system := range g.systems {
		system.root.Close()
	}
}

func deviceOf(path string) (uint64, error) {
	var status unix.Stat_t
	if err := unix.Stat(path, &status); err != nil {
		return 0, &os.PathError{Op: "stat", Path: path, Err: err}
	}
	return status.Dev, nil
}

// fileSystem syncs in rounds: a round begins when the one before it has ended, for all who wait by then.
type fileSystem struct {
	root *os.File

	mu      sync.Mutex
	next    *round // that has not begun yet, or nil
	running bool
	// err is the first that was seen. It is told to all who come later too: the kernel tells it once, and it may be about
	// their files.
	err error
}

type round struct {
	done chan struct{}
	err  error
}

func (s *fileSystem) sync() error {
	s.mu.Lock()
	if s.next == nil {
		s.next = &round{done: make(chan struct{})}
	}
	mine := s.next
	if !s.running {
		s.running = true
		go s.run()
	}
	s.mu.Unlock()
	<-mine.done
	return mine.err
}

// run does rounds until nobody waits.
func (s *fileSystem) run() {
	for {
		s.mu.Lock()
		r := s.next
		s.next = nil
		s.running = r != nil
		s.mu.Unlock()
		if r == nil {
			return
		}
		if err := unix.Syncfs(int(s.root.Fd())); err != nil && s.err == nil {
			s.err = fmt.Errorf("cannot write the file system of %s to disk: %w", s.root.Name(), err)
		}
		r.err = s.err
		close(r.done)
	}
}

// syncfsReportsErrors is so since Linux 5.8: syncfs(2).
func syncfsReportsErrors() bool {
	var name unix.Utsname
	if unix.Uname(&name) != nil {
		return false
	}
	var major, minor int
	_, err := fmt.Sscanf(unix.ByteSliceToString(name.Release[:]), "%d.%d", &major, &minor)
	return err == nil && (major > 5 || major == 5 && minor >= 8)
}

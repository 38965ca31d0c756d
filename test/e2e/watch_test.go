//go:build e2e

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// keyWatch looks at the hosts' disks from outside, all the time, for a moment in which others could read a key.
type keyWatch struct {
	end  chan struct{}
	done sync.WaitGroup
	mu   sync.Mutex
	seen map[string]bool
}

func watchKeys(hosts []*host.Host) *keyWatch {
	w := &keyWatch{end: make(chan struct{}), seen: map[string]bool{}}
	for _, h := range hosts {
		dir := filepath.Join(h.Root(), "etc/etcd/ssl")
		w.done.Go(func() {
			for {
				select {
				case <-w.end:
					return
				case <-time.After(500 * time.Microsecond):
					w.look(dir)
				}
			}
		})
	}
	return w
}

// look notes a folder that lets others in while there are keys in it. cloud-init writes a key before it narrows its mode.
func (w *keyWatch) look(dir string) {
	folder, err := os.Stat(dir)
	if err != nil {
		return // it is not there yet
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return
	}
	for _, entry := range entries {
		if strings.Contains(entry.Name(), "-key") && folder.Mode().Perm()&0o077 != 0 {
			w.note(fmt.Sprintf("%s had mode %v with %s in it", dir, folder.Mode(), entry.Name()))
		}
	}
}

func (w *keyWatch) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[what] = true
}

// stop returns what was seen.
func (w *keyWatch) stop() []string {
	close(w.end)
	w.done.Wait()
	var seen []string
	for what := range w.seen {
		seen = append(seen, what)
	}
	return seen
}

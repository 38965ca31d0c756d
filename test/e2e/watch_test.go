//go:build e2e

package e2e

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// watched is where a key may be for a moment: our own folders, cloud-init's, and those for temporary files and logs.
func watched() []string {
	return []string{"etc/etcd", "etc/etcdbake", "run/cloud-init", "run/etcdbake", "tmp", "var/cache/etcdbake", "var/lib/cloud",
		"var/lib/etcd", "var/lib/etcdbake", "var/log", "var/tmp"}
}

// secretWatch looks at running hosts from outside, all the time, for a moment in which others could read a key.
type secretWatch struct {
	end  chan struct{}
	done sync.WaitGroup
	mu   sync.Mutex
	seen map[string]bool
}

// watchSecrets begins to watch all hosts of the cluster: one that is not switched on yet, from that moment on.
func (c *cluster) watchSecrets() *secretWatch {
	w := &secretWatch{end: make(chan struct{}), seen: map[string]bool{}}
	for _, h := range c.hosts {
		eye := &eye{watch: w, name: h.Name, traces: c.keyTraces(h.Name), known: map[sighting]bool{}}
		w.done.Go(func() { eye.look(h) })
	}
	return w
}

// stop returns what was seen.
func (w *secretWatch) stop() []string {
	close(w.end)
	w.done.Wait()
	var seen []string
	for what := range w.seen {
		seen = append(seen, what)
	}
	return seen
}

func (w *secretWatch) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[fmt.Sprintf(format, args...)] = true
}

// eye watches one host.
type eye struct {
	watch  *secretWatch
	name   string
	traces []string
	known  map[sighting]bool // files that others may read, and that have been searched
}

// sighting is a file at a moment.
type sighting struct {
	inode    uint64
	size     int64
	modified time.Time
}

func (e *eye) look(h *host.Host) {
	for root := ""; ; time.Sleep(300 * time.Microsecond) {
		select {
		case <-e.watch.end:
			return
		default:
		}
		if root == "" {
			root, _ = h.View() // it is not there for the first moments
			continue
		}
		for _, dir := range watched() {
			_ = filepath.WalkDir(filepath.Join(root, dir), e.visit) // what vanishes meanwhile is no key
		}
		arguments, _ := filepath.Glob(filepath.Join(root, "proc/[0-9]*/cmdline")) // the pattern is good
		for _, path := range arguments {
			e.search(path, "the arguments of a process")
		}
	}
}

// visit leaves out folders that do not let others in, where nothing in them is readable either. cloud-init writes a file before
// it narrows its mode, so keys are a folder's secret from the start.
func (e *eye) visit(path string, entry fs.DirEntry, err error) error {
	if err != nil {
		return nil
	}
	info, err := entry.Info()
	if err != nil {
		return nil
	}
	others := info.Mode().Perm() & 0o055
	switch {
	case entry.IsDir() && others == 0:
		return fs.SkipDir
	case entry.IsDir() && strings.HasSuffix(path, "/etc/etcd/ssl"):
		e.watch.note("%s: others may enter the keys' folder: %v", e.name, info.Mode())
	case info.Mode().IsRegular() && others&0o044 != 0:
		v := sighting{info.Sys().(*syscall.Stat_t).Ino, info.Size(), info.ModTime()}
		if !e.known[v] {
			e.known[v] = true
			_, file, _ := strings.Cut(path, "/root/")
			e.search(path, "/"+file+" with mode "+info.Mode().String())
		}
	}
	return nil
}

func (e *eye) search(path, what string) {
	content, err := os.ReadFile(path)
	if err == nil && containsAny(string(content), e.traces) {
		e.watch.note("%s: others could read a key: %s", e.name, what)
	}
}

func containsAny(text string, traces []string) bool {
	for _, trace := range traces {
		if strings.Contains(text, trace) {
			return true
		}
	}
	return false
}

// nothingWasPrinted searches the host's console and journal for its keys.
func (c *cluster) nothingWasPrinted(h *host.Host) {
	c.t.Helper()
	console, err := os.ReadFile(h.Console)
	if err != nil {
		c.t.Fatal(err)
	}
	for what, text := range map[string]string{
		"console": string(console),
		"journal": c.exec(h, "journalctl", "--no-pager", "-a", "-o", "export"),
	} {
		if !strings.Contains(text, "etcdbake") {
			c.t.Errorf("%s: nothing of ours is in its %s: this search proves nothing", h.Name, what)
		}
		if containsAny(text, c.keyTraces(h.Name)) {
			c.t.Errorf("%s: a key is in its %s", h.Name, what)
		}
	}
}

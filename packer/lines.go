package packer

import (
	"bytes"
	"strings"
	"sync"
)

// lines is a writer that passes on each line as it comes, until end.
type lines struct {
	say func(line string)

	mu      sync.Mutex
	partial []byte
	ended   bool
}

// Write takes everything; after end, it goes nowhere.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.partial = append(l.partial, p...)
	for {
		line, rest, whole := bytes.Cut(l.partial, []byte("\n"))
		if !whole {
			return len(p), nil
		}
		l.partial = rest
		l.pass(line)
	}
}

// end passes on what came after the last line break. A command that outlives its build speaks to nobody from then on.
func (l *lines) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pass(l.partial)
	l.partial, l.ended = nil, true
}

func (l *lines) pass(line []byte) {
	if text := strings.TrimRight(string(line), "\r"); text != "" && l.say != nil && !l.ended {
		l.say(text)
	}
}

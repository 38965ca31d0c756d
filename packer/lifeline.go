package packer

import (
	"io"
	"time"
)

// lifeline is a script's standard input. On it a script knows that its build goes on: Packer ends a cancelled build at once
// and does not wait until a plugin has tidied up, but the end of the connection reaches the guest in any case.
type lifeline struct {
	cut   chan struct{}
	begin []byte
}

// holdWord is a lifeline's first line. A script that reads another one, such as a password for sudo, has none.
const holdWord = "etcdbake-lifeline"

// heartbeat is how often a lifeline writes. Communicators that run local programs, as for containers, notice the end of one
// only when nothing can be written to it.
const heartbeat = 200 * time.Millisecond

func newLifeline() *lifeline {
	return &lifeline{cut: make(chan struct{}), begin: []byte(holdWord + "\n")}
}

// Read gives the word, then an empty line at every heartbeat until Close.
func (l *lifeline) Read(p []byte) (int, error) {
	if len(l.begin) > 0 {
		n := copy(p, l.begin)
		l.begin = l.begin[n:]
		return n, nil
	}
	select {
	case <-l.cut:
		return 0, io.EOF
	case <-time.After(heartbeat):
		return copy(p, "\n"), nil
	}
}

// Close cuts the line: what the script does ends.
func (l *lifeline) Close() { close(l.cut) }

package rehearse

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// A member's log is kept in memory: so many lines, each cut to so many bytes.
const (
	keptLines  = 500
	lineLength = 4096
	// shownLines of it are shown when the member fails.
	shownLines = 8
)

// logs collects what a member prints, for the case that it fails. It is an io.Writer for one process.
type logs struct {
	mu      sync.Mutex
	partial []byte
	lines   []string
	unknown []string
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, part := range bytes.SplitAfter(p, []byte("\n")) {
		if room := lineLength - len(l.partial); room > 0 {
			l.partial = append(l.partial, part[:min(room, len(part))]...)
		}
		if bytes.HasSuffix(part, []byte("\n")) {
			l.add(strings.TrimRight(string(l.partial), "\n"))
			l.partial = nil
		}
	}
	return len(p), nil
}

func (l *logs) add(line string) {
	if len(l.lines) == keptLines {
		l.lines = slices.Delete(l.lines, 0, 1)
	}
	l.lines = append(l.lines, line)
	if name, ok := unknownVariable(line); ok && !slices.Contains(l.unknown, name) {
		l.unknown = append(l.unknown, name)
	}
}

// tail returns the last lines that say what is wrong: of etcd's JSON lines those above the level "info", and all others, but
// not what the verifier's own probes caused. Where there is no such line, it is the last ones of any kind.
func (l *logs) tail(verifier ...netip.Addr) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	lines := slices.Clone(l.lines)
	if len(l.partial) > 0 {
		lines = append(lines, string(l.partial))
	}
	telling := slices.DeleteFunc(slices.Clone(lines), func(line string) bool {
		return strings.HasPrefix(line, `{"level":"info"`) || strings.HasPrefix(line, `{"level":"debug"`) ||
			slices.ContainsFunc(verifier, func(ip netip.Addr) bool { return causedBy(line, ip) })
	})
	if len(telling) == 0 {
		telling = lines
	}
	telling = latest(telling)
	return telling[max(0, len(telling)-shownLines):]
}

// latest leaves only the last of the lines that say the same: a member that cannot reach another one says so all the time.
func latest(lines []string) []string {
	said := map[string]bool{}
	var kept []string
	for _, line := range slices.Backward(lines) {
		what := line
		var entry struct{ Msg, Error string }
		if err := json.Unmarshal([]byte(line), &entry); err == nil && entry.Msg != "" {
			what = entry.Msg + entry.Error
		}
		if !said[what] {
			said[what] = true
			kept = append(kept, line)
		}
	}
	slices.Reverse(kept)
	return kept
}

// causedBy tells whether etcd logged the line about a connection from ip.
func causedBy(line string, ip netip.Addr) bool {
	address := strings.TrimSuffix(netip.AddrPortFrom(ip, 0).String(), "0") // with the colon, and IPv6's brackets
	return strings.Contains(line, `"remote-addr":"`+address)
}

// unknownVariables are those ETCD_* that the running etcd does not know.
func (l *logs) unknownVariables() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.unknown)
}

// unknownVariable finds the warning of etcd's pkg/flags about a variable that is no setting; it logs the value too, which
// is left out here.
func unknownVariable(line string) (string, bool) {
	if !strings.Contains(line, "unrecognized environment variable") {
		return "", false
	}
	var entry struct {
		Variable string `json:"environment-variable"`
	}
	if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.Variable == "" {
		return "", false
	}
	name, _, _ := strings.Cut(entry.Variable, "=")
	return name, true
}

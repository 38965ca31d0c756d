//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/release"
)

// The mirrors that one server offers, as base paths; the names say how each behaves.
const (
	goodMirror    = "/good"
	missingMirror = "/missing" // 404
	wrongMirror   = "/wrong"   // other bytes of the same length
	brokenMirror  = "/broken"  // breaks off in the middle of each host's first request
	stalledMirror = "/stalled" // sends half of the first request, and then nothing for as long as the host is there
)

const mirrorPort = 8080

// mirror serves the release tarball to the hosts of one network.
type mirror struct {
	tarball []byte
	// halfway gets the address of each host that a stalled answer has reached.
	halfway chan string

	mu       sync.Mutex
	requests []request
	seen     map[string]bool // by base path and host
	// answers are for further base paths; n counts the requests for one, from 1.
	answers map[string]answer
	counts  map[string]int
}

type answer func(w http.ResponseWriter, r *http.Request, n int)

// request is what a host has asked for; status is the answer.
type request struct {
	host, base string
	status     int
}

// serveMirror serves the tarball at http://<bridge>:8080/<mirror>/vX.Y.Z/<name>.tar.gz until the test ends.
func serveMirror(t *testing.T, network *host.Network) *mirror {
	t.Helper()
	tarball, err := os.ReadFile(cached(filepath.Join("e2e", release.Name(version)+".tar.gz")))
	if err != nil {
		t.Fatal(err)
	}
	m := &mirror{tarball: tarball, halfway: make(chan string, 16), seen: map[string]bool{}, counts: map[string]int{}}
	m.listen(t, network, mirrorPort)
	return m
}

// listen serves at a port of the bridge's address until the test ends.
func (m *mirror) listen(t *testing.T, network *host.Network, port uint16) {
	t.Helper()
	listener, err := network.Listen(port)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: m, ErrorLog: log.New(t.Output(), "mirror: ", 0), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with Close
	t.Cleanup(func() { _ = server.Close() })
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	base, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	base = "/" + base
	if path != "v"+version+"/"+release.Name(version)+".tar.gz" {
		base = missingMirror
	}
	hostAddress, _, _ := net.SplitHostPort(r.RemoteAddr)
	recorder := &statusWriter{ResponseWriter: w, status: http.StatusOK}
	first := m.isFirst(base, hostAddress)
	defer func() { m.record(request{hostAddress, base, recorder.status}) }()
	further, n := m.further(base)
	switch {
	case further != nil:
		further(recorder, r, n)
	case base == missingMirror:
		http.NotFound(recorder, r)
	case base == wrongMirror:
		http.ServeContent(recorder, r, "", time.Time{}, bytes.NewReader(bytes.Repeat([]byte{0}, len(m.tarball))))
	case base == brokenMirror && first:
		m.sendHalf(recorder)
		panic(http.ErrAbortHandler)
	case base == stalledMirror && first:
		m.sendHalf(recorder)
		m.halfway <- hostAddress
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	default:
		http.ServeContent(recorder, r, "", time.Time{}, bytes.NewReader(m.tarball))
	}
}

// sendHalf promises the whole tarball and sends half of it.
func (m *mirror) sendHalf(w *statusWriter) {
	w.Header().Set("Content-Length", fmt.Sprint(len(m.tarball)))
	_, _ = w.Write(m.tarball[:len(m.tarball)/2])
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

func (m *mirror) isFirst(base, hostAddress string) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := base + " " + hostAddress
	first := !m.seen[key]
	m.seen[key] = true
	return first
}

func (m *mirror) further(base string) (answer, int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.counts[base]++
	return m.answers[base], m.counts[base]
}

func (m *mirror) record(r request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.requests = append(m.requests, r)
}

// log returns the requests so far, in the order in which they ended.
func (m *mirror) log() []request {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.requests)
}

// statusWriter remembers the answer's status.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// Unwrap is for http.ResponseController.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

func mirrorURL(base string) string { return fmt.Sprintf("http://%s:%d%s", gateway, mirrorPort, base) }

//go:build e2e

package packer

import (
	"bytes"
	"fmt"
	"log"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/etcdbake/etcdbake/test/internal/golden"
	"github.com/etcdbake/etcdbake/test/internal/release"
)

// The mirrors that one server offers, as base paths; the names say how each behaves.
const (
	goodMirror    = "/good"
	wrongMirror   = "/wrong"   // other bytes of the same length
	brokenMirror  = "/broken"  // breaks off in the middle, each time
	stalledMirror = "/stalled" // sends half, and then nothing for as long as somebody listens
)

const mirrorPort = 8080

// mirror serves the release tarball inside one network: to the hosts, and at 127.0.0.1 to what runs beside Packer.
type mirror struct {
	tarball []byte
	stalled chan struct{} // gets a value for each answer that stalls
	served  atomic.Int32  // good answers
	servers []*http.Server
}

func (l *lab) serveMirrors() *mirror {
	l.t.Helper()
	tarball, err := os.ReadFile(cached(filepath.Join("e2e", release.Name(version)+".tar.gz")))
	if err != nil {
		l.t.Fatal(err)
	}
	m := &mirror{tarball: tarball, stalled: make(chan struct{}, 16)}
	for _, address := range []string{golden.Gateway, "127.0.0.1"} {
		listener, err := l.net.ListenAt(netip.AddrPortFrom(netip.MustParseAddr(address), mirrorPort))
		if err != nil {
			l.t.Fatal(err)
		}
		server := &http.Server{Handler: m, ErrorLog: log.New(l.t.Output(), "mirror: ", 0), ReadHeaderTimeout: time.Minute}
		go func() { _ = server.Serve(listener) }() // ends with Close
		m.servers = append(m.servers, server)
	}
	l.t.Cleanup(m.close)
	return m
}

// close ends all mirrors, as often as it is called.
func (m *mirror) close() {
	for _, server := range m.servers {
		_ = server.Close()
	}
}

func (m *mirror) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	base, path, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	if path != "v"+version+"/"+release.Name(version)+".tar.gz" {
		http.NotFound(w, r)
		return
	}
	switch "/" + base {
	case goodMirror:
		m.served.Add(1)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(m.tarball))
	case wrongMirror:
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(bytes.Repeat([]byte{0}, len(m.tarball))))
	case brokenMirror:
		m.sendHalf(w)
		panic(http.ErrAbortHandler)
	case stalledMirror:
		m.sendHalf(w)
		m.stalled <- struct{}{}
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	default:
		http.NotFound(w, r)
	}
}

// sendHalf promises the whole tarball and sends half of it.
func (m *mirror) sendHalf(w http.ResponseWriter) {
	w.Header().Set("Content-Length", fmt.Sprint(len(m.tarball)))
	_, _ = w.Write(m.tarball[:len(m.tarball)/2])
	_ = http.NewResponseController(w).Flush()
}

// mirrorURL is how hosts reach a mirror, localURL how only Packer's machine does.
func mirrorURL(base string) string {
	return fmt.Sprintf("http://%s:%d%s", golden.Gateway, mirrorPort, base)
}
func localURL(base string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", mirrorPort, base) }

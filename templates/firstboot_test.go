package templates

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// The download is tested here with a real shell and every real program that it may find on a host; the whole script runs on
// real hosts in test/e2e.

const releasePath = "/v3.6.14/etcd-v3.6.14-linux-amd64.tar.gz"

// downloader is a program that first boot may find on a host, and what finds it nothing better.
type downloader struct {
	name   string
	path   string // what it is here
	applet bool   // path is busybox
}

func downloaders() []downloader {
	return []downloader{
		{name: "curl", path: "curl"},
		{name: "wget", path: "wget"},
		{name: "apt-helper", path: aptHelper},
		{name: "busybox wget", path: "busybox", applet: true},
	}
}

const aptHelper = "/usr/lib/apt/apt-helper"

// only makes a folder that is a PATH with what the script needs and one downloader.
func (d downloader) only(t *testing.T) string {
	t.Helper()
	real, err := exec.LookPath(d.path)
	if err != nil {
		t.Skipf("no %s here", d.path)
	}
	dir := t.TempDir()
	link := func(name, path string) {
		t.Helper()
		if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, tool := range []string{"sha256sum", "mv", "rm", "wc", "timeout"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		link(tool, path)
	}
	switch {
	case d.applet:
		link("wget", real)
	case d.path != aptHelper:
		link(d.path, real)
	}
	return dir
}

// runDownload runs the script's download with one downloader alone, and returns what it said and got.
func runDownload(t *testing.T, program downloader, release []byte, mirrors ...string) (said string, got []byte) {
	t.Helper()
	path := program.only(t)
	script, err := Render(FirstBoot, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, functions, found := bytes.Cut(script, []byte("say() {"))
	functions, _, found2 := bytes.Cut(functions, []byte("# install_etcd puts"))
	if !found || !found2 {
		t.Fatal("the script has no such parts any more")
	}
	if program.path != aptHelper {
		functions = bytes.ReplaceAll(functions, []byte(aptHelper), []byte("/nonexistent"))
	}
	dir := t.TempDir()
	digest := sha256.Sum256(release)
	shell := fmt.Sprintf(`set -euf
sleep() { :; }
VERSION=3.6.14 ARCH=amd64 SHA256=%s MIRRORS=%s
say() {%sdownload %s`,
		hex.EncodeToString(digest[:]), EnvQuote(strings.Join(mirrors, " ")), functions, EnvQuote(dir))
	cmd := exec.Command("/bin/sh", "-c", shell)
	cmd.Env = append(os.Environ(), "PATH="+path)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	got, err = os.ReadFile(filepath.Join(dir, "etcd.tar.gz"))
	if err != nil {
		t.Fatalf("%v:\n%s", err, out)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*.part")); len(mirrors) == 1 && len(left) > 0 {
		t.Errorf("left behind: %s", left)
	}
	return string(out), got
}

// mirror serves the release as answers say, one answer a request, the last one for good; it records each Range header.
type mirror struct {
	*httptest.Server
	mu      sync.Mutex
	answers []http.HandlerFunc
	ranges  []string
}

func newMirror(t *testing.T, answers ...http.HandlerFunc) *mirror {
	t.Helper()
	m := &mirror{answers: answers}
	m.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != releasePath {
			t.Errorf("asked for %s", r.URL.Path)
		}
		m.mu.Lock()
		m.ranges = append(m.ranges, r.Header.Get("Range"))
		answer := m.answers[0]
		if len(m.answers) > 1 {
			m.answers = m.answers[1:]
		}
		m.mu.Unlock()
		answer(w, r)
	}))
	t.Cleanup(m.Close)
	return m
}

// modTime keeps http.ServeContent from leaving out Last-Modified, by which a client may tell that it can continue.
var modTime = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func TestDownload(t *testing.T) {
	release := bytes.Repeat([]byte("etcd release "), 20_000)
	half := len(release) / 2
	whole := func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", modTime, bytes.NewReader(release))
	}
	cutOff := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(release)))
		w.Write(release[:half])
	}
	wrong := func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", modTime, bytes.NewReader(append([]byte("not "), release...)))
	}
	missing := http.NotFound
	for _, program := range downloaders() {
		t.Run(program.name, func(t *testing.T) {
			t.Run("takes the right bytes", func(t *testing.T) {
				m := newMirror(t, whole)
				_, got := runDownload(t, program, release, m.URL)
				if !bytes.Equal(got, release) || len(m.ranges) != 1 {
					t.Errorf("%d bytes after %d requests", len(got), len(m.ranges))
				}
			})
			t.Run("goes on where it was cut off", func(t *testing.T) {
				m := newMirror(t, cutOff, whole)
				_, got := runDownload(t, program, release, m.URL)
				if want := fmt.Sprintf("bytes=%d-", half); !bytes.Equal(got, release) || m.ranges[1] != want {
					t.Errorf("%d bytes; the second request had Range %q, want %q", len(got), m.ranges[1], want)
				}
			})
			t.Run("throws wrong bytes away and takes the next mirror", func(t *testing.T) {
				bad, good := newMirror(t, wrong), newMirror(t, whole)
				said, got := runDownload(t, program, release, bad.URL, good.URL)
				if want := "wrong SHA-256 from " + bad.URL + releasePath; !strings.Contains(said, want) || !bytes.Equal(got, release) {
					t.Errorf("%d bytes; said:\n%s", len(got), said)
				}
			})
			t.Run("passes a dead mirror", func(t *testing.T) {
				dead, good := newMirror(t, whole), newMirror(t, whole)
				dead.Close()
				if _, got := runDownload(t, program, release, dead.URL, good.URL); !bytes.Equal(got, release) {
					t.Errorf("%d bytes", len(got))
				}
			})
			t.Run("tries again for as long as the release is missing", func(t *testing.T) {
				m := newMirror(t, missing, missing, whole)
				said, got := runDownload(t, program, release, m.URL)
				if want := "no mirror gave etcd 3.6.14; next try in 2 s"; !strings.Contains(said, want) || !bytes.Equal(got, release) {
					t.Errorf("%d bytes; said:\n%s", len(got), said)
				}
			})
			t.Run("starts anew when the mirror cannot continue", func(t *testing.T) {
				refuses := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusRequestedRangeNotSatisfiable) }
				m := newMirror(t, cutOff, refuses, whole)
				_, got := runDownload(t, program, release, m.URL)
				if !bytes.Equal(got, release) || m.ranges[2] != "" {
					t.Errorf("%d bytes; Range headers %q", len(got), m.ranges)
				}
			})
		})
	}
}

func TestAHostThatCannotDownloadSaysWhatToInstall(t *testing.T) {
	script, err := Render(FirstBoot, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, functions, _ := bytes.Cut(script, []byte("say() {"))
	functions, _, _ = bytes.Cut(functions, []byte("right() {"))
	functions = bytes.ReplaceAll(functions, []byte(aptHelper), []byte("/nonexistent"))
	cmd := exec.Command("/bin/sh", "-c", "set -euf\nsay() {"+string(functions)+"fetch http://127.0.0.1:1/x /nonexistent/x")
	cmd.Env = append(os.Environ(), "PATH="+t.TempDir())
	out, err := cmd.CombinedOutput()
	const want = "etcdbake: nothing here can download etcd: install curl or wget, or boot an image that has etcd\n"
	if err == nil || string(out) != want {
		t.Errorf("%v:\n%s", err, out)
	}
}

// TestAHostWithoutCACertificatesDownloadsToo takes a server that no CA vouches for: what comes is held against its SHA-256.
func TestAHostWithoutCACertificatesDownloadsToo(t *testing.T) {
	release := []byte("etcd release")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", modTime, bytes.NewReader(release))
	}))
	server.Config.ErrorLog = log.New(t.Output(), "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	path := downloader{name: "apt-helper", path: aptHelper}.only(t)
	script, err := Render(FirstBoot, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, functions, _ := bytes.Cut(script, []byte("say() {"))
	functions, _, _ = bytes.Cut(functions, []byte("right() {"))
	const bundle = "/etc/ssl/certs/ca-certificates.crt"
	if !bytes.Contains(functions, []byte(bundle)) {
		t.Fatal("the script has no such part any more")
	}
	for without, want := range map[string]string{"/nonexistent": string(release), "/": ""} {
		got := filepath.Join(t.TempDir(), "etcd.tar.gz")
		functions := bytes.ReplaceAll(functions, []byte(bundle), []byte(without))
		cmd := exec.Command("/bin/sh", "-c", "set -euf\nsay() {"+string(functions)+"fetch "+server.URL+"/x "+EnvQuote(got)+" || :")
		cmd.Env = append(os.Environ(), "PATH="+path)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		content, err := os.ReadFile(got)
		if string(content) != want || (err != nil) != (want == "") {
			t.Errorf("bundle at %s: got %q, %v", without, content, err)
		}
	}
}

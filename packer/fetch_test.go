package packer

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// server is a mirror that gives every release the same answer.
func server(t *testing.T, answer http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	return s.URL
}

// release returns a release with the digest of content.
func release(content string, mirrors ...string) plan.Release {
	return plan.Release{Version: "3.6.14", Arch: "arm64", SHA256: fmt.Sprintf("%x", sha256.Sum256([]byte(content))), Mirrors: mirrors}
}

func TestAReleaseIsDownloadedOnceToPackersCache(t *testing.T) {
	t.Setenv("PACKER_CACHE_DIR", t.TempDir())
	asked := 0
	missing := server(t, http.NotFound)
	wrong := server(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "other") })
	cutOff := server(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "100")
		fmt.Fprint(w, "tar")
	})
	good := server(t, func(w http.ResponseWriter, r *http.Request) {
		asked++
		if r.URL.Path != "/v3.6.14/etcd-v3.6.14-linux-arm64.tar.gz" {
			t.Errorf("asked for %s", r.URL)
		}
		fmt.Fprint(w, "tarball")
	})
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	ui, said := newUI()
	c := &Config{Upload: true}
	for range 2 {
		path, err := c.tarball(t.Context(), ui, release("tarball", missing, wrong, cutOff, dead.URL, good))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := os.ReadFile(path); err != nil || string(got) != "tarball" {
			t.Errorf("%s, %v", got, err)
		}
		if files, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(files) != 1 || files[0] != path {
			t.Errorf("in the cache: %v", files)
		}
	}
	if asked != 1 {
		t.Errorf("downloaded %d times", asked)
	}
	for _, line := range []string{
		missing + "/v3.6.14/etcd-v3.6.14-linux-arm64.tar.gz: 404 Not Found",
		"wrong SHA-256 from " + wrong + "/v3.6.14/etcd-v3.6.14-linux-arm64.tar.gz: it is ",
		cutOff + "/v3.6.14/etcd-v3.6.14-linux-arm64.tar.gz: unexpected EOF",
		"connection refused",
		"Using " + os.Getenv("PACKER_CACHE_DIR") + "/etcdbake/etcd-v3.6.14-linux-arm64-",
	} {
		if !strings.Contains(said.String(), line) {
			t.Errorf("no %s in:\n%s", line, said)
		}
	}
}

func TestADamagedCacheIsReplaced(t *testing.T) {
	t.Setenv("PACKER_CACHE_DIR", t.TempDir())
	good := server(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "tarball") })
	ui, _ := newUI()
	c := &Config{Upload: true}
	path, err := c.tarball(t.Context(), ui, release("tarball", good))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("tarb"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := c.tarball(t.Context(), ui, release("tarball", good)); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "tarball" {
		t.Errorf("%s, %v", got, err)
	}
}

func TestWhenNoMirrorHasTheReleaseEveryReasonIsSaid(t *testing.T) {
	t.Setenv("PACKER_CACHE_DIR", t.TempDir())
	missing := server(t, http.NotFound)
	ui, _ := newUI()
	_, err := (&Config{Upload: true}).tarball(t.Context(), ui, release("tarball", missing, missing+"/2"))
	const path = "/v3.6.14/etcd-v3.6.14-linux-arm64.tar.gz: 404 Not Found"
	want := "no mirror gave etcd 3.6.14:\n" + missing + path + "\n" + missing + "/2" + path
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestADownloadStopsWhenTheBuildIsCancelled(t *testing.T) {
	t.Setenv("PACKER_CACHE_DIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	hangs := server(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "tar")
		w.(http.Flusher).Flush()
		cancel()
		<-r.Context().Done()
	})
	ui, _ := newUI()
	_, err := (&Config{Upload: true}).tarball(ctx, ui, release("tarball", hangs, hangs))
	if !errors.Is(err, context.Canceled) || strings.Contains(err.Error(), "no mirror") {
		t.Error(err)
	}
}

func TestALocalSourceIsCheckedBeforeItIsUploaded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "etcd.tar.gz")
	if err := os.WriteFile(path, []byte("tarball"), 0o600); err != nil {
		t.Fatal(err)
	}
	ui, _ := newUI()
	c := &Config{Source: path}
	if got, err := c.tarball(t.Context(), ui, release("tarball")); err != nil || got != path {
		t.Errorf("%s, %v", got, err)
	}
	_, err := c.tarball(t.Context(), ui, release("other"))
	want := fmt.Sprintf("source: %s is not etcd 3.6.14 for arm64: its SHA-256 is %s, not %s\nhint: change version, sha256 or source",
		path, release("tarball").SHA256, release("other").SHA256)
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

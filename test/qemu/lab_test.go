//go:build e2e

package qemu

import (
	"context"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/gofrs/flock"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/golden"
	"github.com/etcdbake/etcdbake/test/internal/release"
)

// lab is a network for the machines of one test, and folders for what is theirs.
type lab struct {
	t       *testing.T
	ctx     context.Context
	net     *host.Network
	tarball []byte // of the release
	dir     string // on disk: images are too large for the memory of a small machine
	logs    string
}

// newLab gives the test 20 minutes. One test at a time has the folder, on the whole machine.
func newLab(t *testing.T) *lab {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Minute)
	t.Cleanup(cancel)
	l := &lab{t: t, ctx: ctx, dir: cached("work"), logs: filepath.Join(cached("."), "..", "e2e-logs", t.Name())}
	lock := flock.New(l.dir + ".lock")
	if _, err := lock.TryLockContext(ctx, time.Second); err != nil {
		t.Fatalf("waiting for %s.lock: %v", l.dir, err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(l.dir); err != nil {
			t.Error(err)
		}
		_ = lock.Unlock() // the kernel drops it with the process in any case
	})
	for _, dir := range []string{l.dir, l.logs} { // a test that was ended by kill -9 has left its own
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var err error
	if l.tarball, err = os.ReadFile(cached(release.Name(version) + ".tar.gz")); err != nil {
		t.Fatal(err)
	}
	if l.net, err = host.NewNetwork(ctx, "qemu", netip.MustParsePrefix(golden.Prefix)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.net.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

//go:build linux

package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"
)

// Packages are what a host needs to boot with systemd and cloud-init, as a cloud's own image has them.
func Packages() []string {
	return []string{
		"systemd", "systemd-sysv", "dbus", "cloud-init", "iproute2", "ca-certificates", "curl", "netbase", "procps",
	}
}

// BarePackages are what a host needs to boot with systemd, and a second shell: no cloud-init, no Python, nothing to download with.
func BarePackages() []string { return []string{"systemd", "systemd-sysv", "busybox"} }

// RootFS returns the folder in cache with a Debian suite's root file system, making it with mmdebstrap where it is not
// there yet, in about half a minute. It is shared by all hosts and never written to.
func RootFS(ctx context.Context, cache, suite string, packages []string) (string, error) {
	packages = slices.Sorted(slices.Values(packages))
	key := sha256.Sum256([]byte(suite + " " + strings.Join(packages, " ")))
	dir := filepath.Join(cache, suite+"-"+hex.EncodeToString(key[:6]))
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", err
	}
	lock := flock.New(dir + ".lock")
	if _, err := lock.TryLockContext(ctx, 100*time.Millisecond); err != nil {
		return "", fmt.Errorf("waiting for %s.lock: %w", dir, err)
	}
	defer func() { _ = lock.Unlock() }()
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		return dir, err
	}
	partial := dir + ".partial"
	if err := os.RemoveAll(partial); err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "mmdebstrap", "--variant=apt", "--include="+strings.Join(packages, ","), suite, partial)
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("mmdebstrap %s: %w\n%s", suite, err, output)
	}
	return dir, os.Rename(partial, dir)
}

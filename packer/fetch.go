package packer

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// stall is how long a mirror may send nothing before it counts as dead, as on the guest.
const stall = 30 * time.Second

// tarball returns the path of a release on this machine that is to be uploaded, "" where the guest downloads it. Its digest
// has been checked.
func (c *Config) tarball(ctx context.Context, ui packersdk.Ui, release plan.Release) (string, error) {
	if c.Source != "" {
		return c.Source, checkDigest(c.Source, release)
	}
	if !c.Upload {
		return "", nil
	}
	cached, err := packersdk.CachePath("etcdbake", fmt.Sprintf("etcd-v%s-linux-%s-%s.tar.gz",
		release.Version, release.Arch, release.SHA256))
	if err != nil {
		return "", fmt.Errorf("finding Packer's cache: %w", err)
	}
	if checkDigest(cached, release) == nil {
		ui.Sayf("Using %s", cached)
		return cached, nil
	}
	var errs []error
	for _, url := range release.URLs() {
		ui.Sayf("Downloading %s", url)
		err := download(ctx, ui, url, release.SHA256, cached)
		if err == nil {
			return cached, nil
		}
		if ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		ui.Error(err.Error())
		errs = append(errs, err)
	}
	return "", fmt.Errorf("no mirror gave etcd %s:\n%w", release.Version, errors.Join(errs...))
}

// checkDigest returns an error if the file at path is not the release's tarball.
func checkDigest(path string, release plan.Release) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != release.SHA256 {
		return fmt.Errorf("source: %s is not etcd %s for %s: its SHA-256 is %s, not %s\nhint: change version, sha256 or source",
			path, release.Version, release.Arch, got, release.SHA256)
	}
	return nil
}

// download writes what a URL gives to path, if it has the digest; else path stays as it was.
func download(ctx context.Context, ui packersdk.Ui, url, digest, path string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(stall, func() { cancel(fmt.Errorf("%s sends nothing", url)) })
	defer watchdog.Stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return cause(ctx, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, answer.Status)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer file.Cleanup()
	body := ui.TrackProgress(filepath.Base(url), 0, answer.ContentLength, answer.Body)
	defer body.Close()
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(file, sum, feeder{watchdog}), body); err != nil {
		return fmt.Errorf("%s: %w", url, cause(ctx, err))
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != digest {
		return fmt.Errorf("wrong SHA-256 from %s: it is %s, not %s", url, got, digest)
	}
	return file.CloseAtomicallyReplace()
}

// cause is why a context was cancelled, where that is why there is err.
func cause(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// feeder puts the timer off whenever something is written.
type feeder struct{ *time.Timer }

func (f feeder) Write(p []byte) (int, error) {
	f.Reset(stall)
	return len(p), nil
}

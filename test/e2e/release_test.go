//go:build e2e

package e2e

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/google/renameio/v2"

	"github.com/etcdbake/etcdbake/tools/etcdbin"
)

// releaseName is the folder in an upstream release tarball, and the tarball's name without its ending.
const releaseName = "etcd-v" + version + "-linux-" + runtime.GOARCH

func releasePath() string { return cached(filepath.Join("e2e", releaseName+".tar.gz")) }

// packRelease writes a tarball like upstream's to releasePath. The same binaries give the same bytes.
func packRelease(binaries etcdbin.Binaries) error {
	var out bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(zipped)
	for _, path := range []string{binaries.Etcd, binaries.Etcdctl, binaries.Etcdutl} {
		content, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		header := &tar.Header{
			Name: releaseName + "/" + filepath.Base(path), Mode: 0o755, Size: int64(len(content)), ModTime: time.Unix(0, 0),
		}
		if err := archive.WriteHeader(header); err != nil {
			return err
		}
		if _, err := archive.Write(content); err != nil {
			return err
		}
	}
	if err := archive.Close(); err != nil {
		return err
	}
	if err := zipped.Close(); err != nil {
		return err
	}
	return renameio.WriteFile(releasePath(), out.Bytes(), 0o644) // another run may read it
}

// Package release packs the etcd that tests build from Go modules into a tarball like upstream's. Where a mirror is, and how
// it behaves, is for the tests.
package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/google/renameio/v2"

	"github.com/etcdbake/etcdbake/tools/etcdbin"
)

// Name is the folder in a release tarball for this machine, and the tarball's name without its ending.
func Name(version string) string { return "etcd-v" + version + "-linux-" + runtime.GOARCH }

// Pack builds etcd and writes its tarball into the folder dir; it returns the tarball's path. The same binaries give the
// same bytes.
func Pack(ctx context.Context, version, dir string) (string, error) {
	binaries, err := etcdbin.Build(ctx, version)
	if err != nil {
		return "", err
	}
	content, err := pack(Name(version), []string{binaries.Etcd, binaries.Etcdctl, binaries.Etcdutl})
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, Name(version)+".tar.gz")
	return path, renameio.WriteFile(path, content, 0o644) // another run may read it
}

// SHA256 is the digest of a file's content, in hex.
func SHA256(content []byte) string {
	digest := sha256.Sum256(content)
	return hex.EncodeToString(digest[:])
}

func pack(folder string, paths []string) ([]byte, error) {
	var out bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&out, gzip.BestSpeed)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(zipped)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		header := &tar.Header{
			Name: folder + "/" + filepath.Base(path), Mode: 0o755, Size: int64(len(content)), ModTime: time.Unix(0, 0),
		}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	if err := zipped.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

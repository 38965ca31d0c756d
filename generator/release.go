package generator

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// readReleases returns the programs of release tarballs as files of an image, by architecture. A tarball's SHA-256 says which
// architecture it is for, and must be one that the spec has.
func readReleases(paths []string, c *spec.Cluster) (map[string][]plan.File, error) {
	programs := map[string][]plan.File{}
	for _, path := range paths {
		tarball, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(tarball)
		arch, err := architecture(c, hex.EncodeToString(sum[:]))
		if err == nil {
			programs[arch], err = unpack(tarball, fmt.Sprintf("etcd-v%s-linux-%s", c.Etcd.Version, arch), c.Etcd.BinDir)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	return programs, nil
}

func architecture(c *spec.Cluster, digest string) (string, error) {
	var want string
	for _, arch := range c.Arches() {
		if c.Etcd.SHA256[arch] == digest {
			return arch, nil
		}
		want += fmt.Sprintf("\n%s of etcd-v%s-linux-%s.tar.gz is wanted", c.Etcd.SHA256[arch], c.Etcd.Version, arch)
	}
	return "", fmt.Errorf("its SHA-256 is %s%s", digest, want)
}

// record is what first boot would note of the programs, for a host whose first boot finds them there.
func record(programs []plan.File) plan.File {
	var lines strings.Builder
	for _, f := range programs {
		fmt.Fprintf(&lines, "%s  %s\n", f.SHA256, path.Base(f.Path))
	}
	return plan.NewFile(expect.ProgramsRecord, []byte(lines.String()), plan.Image)
}

// unpack returns etcd, etcdctl and etcdutl from folder of a release tarball, as files in binDir, and their record.
func unpack(tarball []byte, folder, binDir string) ([]plan.File, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(tarball))
	if err != nil {
		return nil, err
	}
	missing := []string{"etcd", "etcdctl", "etcdutl"}
	var programs []plan.File
	for archive := tar.NewReader(unzipped); len(missing) > 0; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("it has no %s", path.Join(folder, missing[0]))
		}
		if err != nil {
			return nil, err
		}
		i := slices.Index(missing, path.Base(header.Name))
		if i < 0 || path.Dir(path.Clean(header.Name)) != folder {
			continue
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return nil, err
		}
		missing = slices.Delete(missing, i, i+1)
		program := plan.NewFile(path.Join(binDir, path.Base(header.Name)), content, plan.Image)
		program.Mode = 0o755
		programs = append(programs, program)
	}
	return append(programs, record(programs)), nil
}

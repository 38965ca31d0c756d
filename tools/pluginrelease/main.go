// The pluginrelease command builds the Packer plugin for every system and makes what a release on GitHub consists of, by the
// names that `packer init` looks for: a zip archive each, a manifest, and the checksums of all of them. The same commit gives
// the same bytes.
package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	name = "packer-plugin-etcd"
	// protocol is the version of Packer's plugin API that the SDK speaks.
	protocol = "5.0"
)

func main() {
	log.SetFlags(0)
	version := flag.String("version", "", "the plugin's version, X.Y.Z")
	out := flag.String("out", "dist", "folder for the archives")
	flag.Parse()
	if err := release(*version, *out); err != nil {
		log.Fatalf("pluginrelease: %v", err)
	}
}

// release writes all files of a release into the folder out.
func release(version, out string) error {
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	files := map[string][]byte{}
	prefix := name + "_v" + version
	files[prefix+"_manifest.json"] = fmt.Appendf(nil,
		"{\n  \"version\": 1,\n  \"metadata\": {\n    \"protocol_version\": %q\n  }\n}\n", protocol)
	for _, system := range []string{"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"} {
		program := fmt.Sprintf("%s_x%s_%s", prefix, protocol, system)
		binary, err := build(version, system)
		if err != nil {
			return fmt.Errorf("building %s: %w", program, err)
		}
		archive, err := archived(program, binary)
		if err != nil {
			return err
		}
		files[program+".zip"] = archive
	}
	files[prefix+"_SHA256SUMS"] = sums(files)
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(out, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// build returns the plugin for a system such as "linux_amd64".
func build(version, system string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "pluginrelease")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	goos, goarch, _ := strings.Cut(system, "_")
	path := filepath.Join(dir, name)
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid= -X main.version="+version,
		"-o", path, "./cmd/"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
}

// archived returns a zip archive of one program.
func archived(program string, binary []byte) ([]byte, error) {
	var b bytes.Buffer
	archive := zip.NewWriter(&b)
	header := &zip.FileHeader{Name: program, Method: zip.Deflate}
	header.SetMode(0o755)
	header.Modified = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) // zip's first: the same for every build
	w, err := archive.CreateHeader(header)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(binary); err != nil {
		return nil, err
	}
	err = archive.Close()
	return b.Bytes(), err
}

// sums returns what sha256sum prints for files.
func sums(files map[string][]byte) []byte {
	var lines []string
	for name, content := range files {
		lines = append(lines, fmt.Sprintf("%x  %s\n", sha256.Sum256(content), name))
	}
	slices.SortFunc(lines, func(a, b string) int { return strings.Compare(a[64:], b[64:]) })
	return []byte(strings.Join(lines, ""))
}

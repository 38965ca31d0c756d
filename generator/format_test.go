package generator

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/verify/expect"
)

func TestAGoldenMembersUserDataIsSmallAndHoldsItsIdentityAlone(t *testing.T) {
	o := options(t, threeMembers+"target: {cloud: aws}\ntuning: {auto_compaction: {mode: periodic, retention: 8h}}\n")
	o.Image = spec.GoldenImage
	for _, m := range generate(t, o).Members {
		content, err := os.ReadFile(m.Path)
		if err != nil {
			t.Fatal(err)
		}
		if len(content) > 6*1024 {
			t.Errorf("%s has %d bytes", m.Path, len(content))
		}
		if packed := gzipSize(t, content); packed > 4*1024 {
			t.Errorf("%s has %d bytes gzipped", m.Path, packed)
		}
		for _, absent := range []string{
			"/etc/systemd/system/", "path: /etc/etcdbake/first-boot\n", "http://", "https://github", "profile.d",
		} {
			if bytes.Contains(content, []byte(absent)) {
				t.Errorf("%s has %s", m.Path, absent)
			}
		}
		if !bytes.Contains(content, []byte(`VERSION=""`)) || bytes.Contains(content, []byte("MIRRORS")) {
			t.Errorf("%s downloads something", m.Path)
		}
	}
}

func gzipSize(t *testing.T, content []byte) int {
	t.Helper()
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Len()
}

func TestAGoldenImageComesAlongWithoutASecret(t *testing.T) {
	o := options(t, threeMembers+"target: {image: golden}\n")
	summary := generate(t, o)
	var got []string
	for _, f := range summary.Shared {
		content, err := os.ReadFile(f.Path)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte("-----BEGIN")) || bytes.Contains(content, []byte("10.140.0.")) {
			t.Errorf("%s holds something of a host", f.Path)
		}
		got = append(got, strings.TrimPrefix(f.Path, o.Out))
	}
	want := []string{
		"/image/etc/etcdbake/first-boot",
		"/image/etc/systemd/system/etcdbake-first-boot.service",
		"/image/etc/systemd/system/etcd.service",
		"/image/etc/profile.d/etcdctl.sh",
		"/image/etc/systemd/system/etcd.service.d/image.conf",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheImageOptionWinsOverTheSpec(t *testing.T) {
	o := options(t, threeMembers+"target: {image: golden}\n")
	o.Image = spec.StockImage
	summary := generate(t, o)
	if len(summary.Shared) != 0 || summary.Members[0].Size < 10_000 {
		t.Errorf("%d files of an image, user-data of %d bytes", len(summary.Shared), summary.Members[0].Size)
	}
}

func TestPackerTemplatesNeedNoPKIAndMakeNone(t *testing.T) {
	o := options(t, threeMembers)
	o.Format, o.PKI = Packer, filepath.Join(t.TempDir(), "pki")
	summary := generate(t, o)
	if _, err := os.Stat(o.PKI); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("%s: %v", o.PKI, err)
	}
	if len(summary.Shared) == 0 || len(summary.Members) != 0 || summary.Expect != "" {
		t.Errorf("%d files, %d members, expectation %q", len(summary.Shared), len(summary.Members), summary.Expect)
	}
	for path := range tree(t, o.Out) {
		if !strings.HasPrefix(path, filepath.Join(o.Out, "packer")+"/") {
			t.Errorf("%s was written", path)
		}
	}
}

func TestKeysAreInMembersTarsOnly(t *testing.T) {
	o := options(t, threeMembers)
	o.Format = RootFS
	generate(t, o)
	key := []byte("PRIVATE KEY")
	for name, want := range map[string]struct {
		mode fs.FileMode
		key  bool
	}{"image": {0o644, false}, "master1": {0o600, true}, "master2": {0o600, true}, "master3": {0o600, true}} {
		path := filepath.Join(o.Out, "rootfs", name+".tar")
		content, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode() != want.mode || bytes.Contains(content, key) != want.key {
			t.Errorf("%s has mode %v, a key is in it: %v", path, info.Mode(), bytes.Contains(content, key))
		}
	}
	if info, err := os.Stat(filepath.Join(o.Out, "rootfs")); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("rootfs: %v, %v", info.Mode(), err)
	}
}

func TestASecondRunOfEveryFormatTouchesNothing(t *testing.T) {
	for _, format := range Formats() {
		o := options(t, threeMembers+"target: {image: golden}\n")
		o.Format = Format(format)
		generate(t, o)
		before := tree(t, o.Out)
		for _, a := range slices.Concat(generate(t, o).Members, generate(t, o).Shared) {
			if a.Changed {
				t.Errorf("%s: %s is reported as changed", format, a.Path)
			}
		}
		if diff := cmp.Diff(before, tree(t, o.Out)); diff != "" {
			t.Errorf("%s: out changed", format)
		}
	}
}

func TestAFormerMembersTarGoesToo(t *testing.T) {
	o := options(t, threeMembers)
	o.Format = RootFS
	generate(t, o)
	writeSpec(t, o, strings.Replace(threeMembers, "name: master3", "name: master4", 1))
	o.Format = CloudConfig
	if diff := cmp.Diff([]Removal{{filepath.Join(o.Out, "rootfs", "master3.tar"), "not a member any more"}}, generate(t, o).Removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
}

func TestTheFormatIsTheSpecsUnlessOneIsAskedFor(t *testing.T) {
	for _, f := range hostFormats() {
		o := options(t, threeMembers+"target: {format: "+string(f.name)+"}\n")
		want := filepath.Join(o.Out, f.file("master1", cloud.Plain))
		if got := generate(t, o); got.Format != f.name || got.Members[0].Path != want {
			t.Errorf("%s: %s, %s", f.name, got.Format, got.Members[0].Path)
		}
		o.Format = CloudConfig
		want = filepath.Join(o.Out, "user-data", "master1.yaml")
		if got := generate(t, o); got.Format != CloudConfig || got.Members[0].Path != want {
			t.Errorf("%s: %s, %s", f.name, got.Format, got.Members[0].Path)
		}
	}
}

func TestWhatAMemberHadInAnotherFormGoes(t *testing.T) {
	o := options(t, threeMembers)
	former := hostFormat{name: Script, folder: "script", extension: ".sh", parts: []string{"key"}}
	generate(t, o)
	for _, name := range []string{
		"script/master1.sh", "script/.master1.sh.new", "script/master1.sh.gz", "script/master1/key", "script/mine.sh",
	} {
		path := filepath.Join(o.Out, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var files []Removal
	for _, file := range former.files("master1") {
		files = append(files, Removal{file, "why"})
	}
	removed, err := removeStale(o.Out, files)
	if err != nil {
		t.Fatal(err)
	}
	var want []Removal
	for _, name := range []string{"script/master1.sh", "script/.master1.sh.new", "script/master1.sh.gz", "script/master1/key"} {
		want = append(want, Removal{filepath.Join(o.Out, name), "why"})
	}
	if diff := cmp.Diff(want, removed); diff != "" {
		t.Errorf("removed (-want +got):\n%s", diff)
	}
	if entries, err := os.ReadDir(filepath.Join(o.Out, "script")); err != nil || len(entries) != 1 {
		t.Errorf("%v, %v", entries, err)
	}
}

// release writes a release tarball of programs that hold their name, and returns its path and SHA-256.
func release(t *testing.T, arch string, programs ...string) (path, digest string) {
	t.Helper()
	var tarball bytes.Buffer
	zipped := gzip.NewWriter(&tarball)
	archive := tar.NewWriter(zipped)
	for _, name := range append([]string{"README.md", "Documentation/etcd"}, programs...) {
		header := tar.Header{Name: "etcd-v3.6.14-linux-" + arch + "/" + name, Mode: 0o755, Size: int64(len(name))}
		if err := archive.WriteHeader(&header); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(archive, name); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(archive.Close(), zipped.Close()); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "release.tar.gz")
	if err := os.WriteFile(path, tarball.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(tarball.Bytes())
	return path, hex.EncodeToString(sum[:])
}

func TestAReleasesProgramsGoIntoTheImageOfItsArchitecture(t *testing.T) {
	amd64, amd64Digest := release(t, "amd64", "etcd", "etcdctl", "etcdutl")
	arm64, arm64Digest := release(t, "arm64", "etcdutl", "etcdctl", "etcd")
	o := options(t, strings.Replace(threeMembers, "10.140.0.3", "10.140.0.3, arch: arm64", 1)+
		fmt.Sprintf("etcd: {sha256: {amd64: %s, arm64: %s}}\n", amd64Digest, arm64Digest))
	o.Format, o.Releases = RootFS, []string{arm64, amd64}
	generate(t, o)
	for _, arch := range []string{"amd64", "arm64"} {
		archive, err := os.Open(filepath.Join(o.Out, "rootfs", "image-"+arch+".tar"))
		if err != nil {
			t.Fatal(err)
		}
		defer archive.Close()
		var got []string
		for r := tar.NewReader(archive); ; {
			h, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if strings.HasPrefix(h.Name, "usr/local/bin/") {
				content, err := io.ReadAll(r)
				if err != nil {
					t.Fatal(err)
				}
				got = append(got, fmt.Sprintf("%o %s %s", h.Mode, h.Name, content))
			}
		}
		want := []string{"755 usr/local/bin/etcd etcd", "755 usr/local/bin/etcdctl etcdctl", "755 usr/local/bin/etcdutl etcdutl"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", arch, diff)
		}
	}
	expectation, err := expect.Load(filepath.Join(o.Out, "expect.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range expectation.Members {
		for _, program := range m.Binaries { // each holds its own name, in this release
			if want := sha256.Sum256([]byte(filepath.Base(program.Path))); program.SHA256 != hex.EncodeToString(want[:]) {
				t.Errorf("%s of %s is expected to have SHA-256 %s, want %x", program.Path, m.Name, program.SHA256, want)
			}
		}
	}
}

func TestBadInputIsSaidAndWritesNothing(t *testing.T) {
	other, digest := release(t, "amd64", "etcd", "etcdctl", "etcdutl")
	incomplete, incompleteDigest := release(t, "amd64", "etcd", "etcdctl")
	for want, tt := range map[string]struct {
		further string
		set     func(*Options)
	}{
		`image "gold": want stock or golden`:                                {"", func(o *Options) { o.Image = "gold" }},
		`format "tar": want one of ` + strings.Join(Formats(), ", "):        {"", func(o *Options) { o.Format = "tar" }},
		"an etcd release is put into a tar only: use it with format rootfs": {"", func(o *Options) { o.Releases = []string{other} }},
		"cluster.yaml: etcd.preinstalled is for an image that has etcd already, and a template bakes one: " +
			"remove etcd.preinstalled": {"etcd: {preinstalled: true}", func(o *Options) { o.Format = Packer }},
		"cluster.yaml: a member is called image, as the image's own tar is: give it another name": {
			"", func(o *Options) {
				o.Format = RootFS
				source := strings.Replace(threeMembers, "name: master2", "name: image", 1)
				if err := os.WriteFile(o.Spec, []byte(source), 0o644); err != nil {
					t.Fatal(err)
				}
			}},
		other + ": its SHA-256 is " + digest + "\nffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5 of " +
			"etcd-v3.6.14-linux-amd64.tar.gz is wanted": {"", func(o *Options) { o.Format, o.Releases = RootFS, []string{other} }},
		incomplete + ": it has no etcd-v3.6.14-linux-amd64/etcdutl": {
			"etcd: {sha256: {amd64: " + incompleteDigest + "}}",
			func(o *Options) { o.Format, o.Releases = RootFS, []string{incomplete} },
		},
		"mirror: a Packer template cannot hold {{, which Packer expands: https://a.example/{{x}}": {
			"etcd: {mirrors: ['https://a.example/{{x}}']}", func(o *Options) { o.Format = Packer },
		},
	} {
		o := options(t, threeMembers+tt.further+"\n")
		o.PKI = filepath.Join(t.TempDir(), "pki")
		tt.set(&o)
		_, err := Generate(context.Background(), o)
		var input *InputError
		if !errors.As(err, &input) || strings.TrimPrefix(err.Error(), filepath.Dir(o.Spec)+"/") != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
		for _, dir := range []string{o.PKI, o.Out} {
			if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: %v", dir, err)
			}
		}
	}
}

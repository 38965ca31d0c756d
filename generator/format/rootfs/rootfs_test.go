package rootfs

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
)

func cluster(t *testing.T, further string) *spec.Cluster {
	t.Helper()
	c, _, err := spec.Parse("cluster.yaml", []byte("name: k8s-etcd\nmembers:\n"+
		"  - {name: master1, address: 10.140.0.2}\n"+
		"  - {name: master2, address: 10.140.0.3}\n"+
		"  - {name: master3, address: 10.140.0.4}\n"+further))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func hosts(t *testing.T, further string) []plan.Host {
	t.Helper()
	all, err := plan.Hosts(cluster(t, further), pkitest.Bundle(t))
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func image(t *testing.T) []plan.File {
	t.Helper()
	layout, err := plan.ImageFor(cluster(t, ""), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	return layout.Files
}

// must returns a tar that was made without an error.
func must(t *testing.T) func(content []byte, err error) []byte {
	t.Helper()
	return func(content []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return content
	}
}

// read returns the headers and contents of a tar, in its order.
func read(t *testing.T, archive []byte) (headers []*tar.Header, contents map[string][]byte) {
	t.Helper()
	contents = map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return headers, contents
		}
		if err != nil {
			t.Fatal(err)
		}
		headers = append(headers, h)
		if contents[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestATarHoldsThePlanAndNothingElse(t *testing.T) {
	for _, further := range []string{"", "target: {image: golden}"} {
		for _, host := range hosts(t, further) {
			headers, contents := read(t, must(t)(Host(host)))
			want := map[string]string{}
			for _, f := range host.Files {
				want[f.Path] = f.Mode.String() + "\n" + string(f.Content)
			}
			got := map[string]string{}
			for _, h := range headers {
				if h.Typeflag == tar.TypeReg {
					got["/"+h.Name] = fs.FileMode(h.Mode).String() + "\n" + string(contents[h.Name])
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s %s (-want +got):\n%s", host.Name, further, diff)
			}
		}
	}
}

func TestATarIsRootsAndOfOneTimeAndInOrder(t *testing.T) {
	headers, _ := read(t, must(t)(Host(hosts(t, "")[0])))
	for _, h := range headers {
		if h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" || !h.ModTime.Equal(modified()) {
			t.Errorf("%s is of %d:%d, %s:%s, %s", h.Name, h.Uid, h.Gid, h.Uname, h.Gname, h.ModTime)
		}
	}
	if !slices.IsSortedFunc(headers, func(a, b *tar.Header) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) }) {
		t.Error("it is not sorted")
	}
}

func TestTheSamePlanGivesTheSameBytes(t *testing.T) {
	first := must(t)(Host(hosts(t, "")[0]))
	for range 20 { // entries come out of a map
		if !bytes.Equal(first, must(t)(Host(hosts(t, "")[0]))) {
			t.Fatal("it differs")
		}
	}
}

func TestDirectoriesAreOursAloneAndKeysAreNeverInAnOpenOne(t *testing.T) {
	type directory struct{ Name, Mode string }
	want := []directory{{"etc/etcd/", "-rwxr-xr-x"}, {"etc/etcd/ssl/", "-rwx------"}, {"etc/etcdbake/", "-rwxr-xr-x"}}
	headers, _ := read(t, must(t)(Host(hosts(t, "")[0])))
	var got []directory
	for _, h := range headers {
		if h.Typeflag == tar.TypeDir {
			got = append(got, directory{h.Name, fs.FileMode(h.Mode).String()})
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnImageEnablesNothingAndHoldsNoKey(t *testing.T) {
	archive := must(t)(Image(image(t)))
	if bytes.Contains(archive, []byte("PRIVATE KEY")) || bytes.Contains(archive, []byte("CERTIFICATE")) {
		t.Error("the image holds a key or a certificate")
	}
	headers, _ := read(t, archive)
	for _, h := range headers {
		if h.Typeflag != tar.TypeReg && h.Typeflag != tar.TypeDir {
			t.Errorf("%s is no file and no folder", h.Name)
		}
	}
}

func TestARealTarUnpacksItWithItsModesAndTheUnitEnabled(t *testing.T) {
	dir := t.TempDir()
	for _, archive := range [][]byte{must(t)(Image(image(t))), must(t)(Host(hosts(t, "target: {image: golden}")[1]))} {
		unpack := exec.Command("tar", "-xpf", "-", "-C", dir)
		unpack.Stdin = bytes.NewReader(archive)
		if out, err := unpack.CombinedOutput(); err != nil || len(out) > 0 {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	for path, want := range map[string]fs.FileMode{
		"etc/etcd/ssl":                    0o700 | fs.ModeDir,
		"etc/etcd/ssl/etcd-key.pem":       0o600,
		"etc/etcd/ssl/etcd-peer-key.pem":  0o600,
		"etc/etcdbake/first-boot":         0o644,
		"etc/systemd/system/etcd.service": 0o644,
	} {
		info, err := os.Lstat(filepath.Join(dir, path))
		if err != nil {
			t.Error(err)
		} else if info.Mode() != want {
			t.Errorf("%s has mode %v, want %v", path, info.Mode(), want)
		}
	}
	link, err := os.Readlink(filepath.Join(dir, "etc/systemd/system/multi-user.target.wants/etcdbake-first-boot.service"))
	if err != nil || link != "/etc/systemd/system/etcdbake-first-boot.service" {
		t.Errorf("the unit is not enabled: %s, %v", link, err)
	}
}

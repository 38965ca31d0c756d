package plan

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/spec"
)

func TestAGoldenImagesHostGetsTheIdentityLayerAlone(t *testing.T) {
	for _, h := range hosts(t, cluster(t, "3.6.14", "target: {image: golden}")) {
		for _, f := range h.Files {
			if f.Layer != Identity {
				t.Errorf("%s is in the %s layer", f.Path, f.Layer)
			}
		}
		env := content(t, h, "/etc/etcdbake/first-boot.env")
		if !strings.Contains(env, "VERSION=\"\"\n") {
			t.Errorf("something would be downloaded:\n%s", env)
		}
	}
}

func TestAnImageAndAnIdentityMakeAWholeHost(t *testing.T) {
	paths := func(files []File) (paths []string) {
		for _, f := range files {
			paths = append(paths, f.Path)
		}
		return paths
	}
	image, err := ImageFor(cluster(t, "3.6.14", ""), "amd64")
	if err != nil {
		t.Fatal(err)
	}
	golden := hosts(t, cluster(t, "3.6.14", "target: {image: golden}"))[0]
	whole := hosts(t, cluster(t, "3.6.14", ""))[0]
	const own = "/etc/systemd/system/etcd.service.d/image.conf"
	got := paths(append(image.Files[:len(image.Files)-1:len(image.Files)-1], golden.Files...))
	if diff := cmp.Diff(paths(whole.Files), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if last := image.Files[len(image.Files)-1].Path; last != own {
		t.Errorf("the image's own file is %s, want %s", last, own)
	}
}

func TestAnImageHoldsNothingOfAHost(t *testing.T) {
	c := cluster(t, "3.6.14", "")
	image, err := ImageFor(c, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range image.Files {
		for _, own := range []string{"PRIVATE KEY", "CERTIFICATE", "10.140.0.", "master1", "k8s-etcd"} {
			if f.Secret || f.Layer != Image || bytes.Contains(f.Content, []byte(own)) {
				t.Errorf("%s holds %s", f.Path, own)
			}
		}
	}
}

func TestTheImagesSettingsAreTheSpecs(t *testing.T) {
	c := cluster(t, "3.6.14", "tuning: {quota_backend: 8GiB, settings: {host-whitelist: 'a \"b\" \\ 5% $x'}}")
	image, err := ImageFor(c, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	conf := string(image.Files[len(image.Files)-1].Content)
	for _, line := range []string{
		`Environment="ETCD_QUOTA_BACKEND_BYTES=8589934592"`,
		`Environment="ETCD_HOST_WHITELIST=a \"b\" \\ 5%% $x"`,
	} {
		if !strings.Contains(conf, line+"\n") {
			t.Errorf("no line %s in:\n%s", line, conf)
		}
	}
}

func TestAReleaseSaysWhereItIs(t *testing.T) {
	r := Release{Version: "3.6.14", Arch: "arm64", SHA256: "00", Mirrors: []string{"https://a.example/etcd", "https://b.example"}}
	want := []string{
		"https://a.example/etcd/v3.6.14/etcd-v3.6.14-linux-arm64.tar.gz",
		"https://b.example/v3.6.14/etcd-v3.6.14-linux-arm64.tar.gz",
	}
	if diff := cmp.Diff(want, r.URLs()); diff != "" {
		t.Error(diff)
	}
	env, err := Layout{Release: r, BinDir: spec.DefaultBinDir}.Env(3)
	if err != nil {
		t.Fatal(err)
	}
	const wantEnv = `VERSION="3.6.14"
ARCH="arm64"
MIRRORS="https://a.example/etcd https://b.example"
SHA256="00"
TRIES="3"
`
	if diff := cmp.Diff(wantEnv, string(env)); diff != "" {
		t.Error(diff)
	}
}

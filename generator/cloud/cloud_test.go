package cloud_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/spec"
)

func formats() []string {
	return []string{spec.CloudConfigFormat, spec.ScriptFormat, spec.IgnitionFormat, spec.NoCloudFormat}
}

func TestEveryCloudSaysHowItHandsOnEveryFormat(t *testing.T) {
	plain := []cloud.Encoding{cloud.Plain}
	gzip := []cloud.Encoding{cloud.Plain, cloud.Gzip}
	text := []cloud.Encoding{cloud.Plain, cloud.GzipBase64}
	for name, want := range map[string]struct {
		limit                   int
		config, script, ignited []cloud.Encoding
	}{
		"aws":          {16384, gzip, gzip, plain},
		"gce":          {262144, text, plain, plain},
		"azure":        {65535, plain, plain, plain},
		"openstack":    {49149, gzip, gzip, plain},
		"digitalocean": {65536, plain, plain, plain},
		"hetzner":      {32768, text, text, plain},
		"nocloud":      {0, plain, plain, plain},
		"generic":      {0, plain, plain, plain},
	} {
		all := []cloud.Channel{{want.limit, want.config}, {want.limit, want.script}, {want.limit, want.ignited}, {0, plain}}
		for i, format := range formats() {
			got := cloud.ChannelOf(spec.Target{Cloud: name, Format: format})
			if diff := cmp.Diff(all[i], got); diff != "" {
				t.Errorf("%s %s (-want +got)\n%s", name, format, diff)
			}
		}
	}
}

func TestTheLimitOfOpenStackIsOfItsBase64(t *testing.T) {
	limit := cloud.ChannelOf(spec.Target{Cloud: "openstack", Format: spec.CloudConfigFormat}).Limit
	if n := base64.StdEncoding.EncodedLen(limit); n > 65535 {
		t.Errorf("%d bytes are %d characters", limit, n)
	}
	if n := base64.StdEncoding.EncodedLen(limit + 1); n <= 65535 {
		t.Errorf("%d bytes would do too: %d characters", limit+1, n)
	}
}

func TestWrappingDependsOnTheContentAlone(t *testing.T) {
	content := []byte(strings.Repeat("#cloud-config\n", 100))
	for _, e := range cloud.Encodings() {
		first, err := e.Wrap(content)
		if err != nil {
			t.Fatal(err)
		}
		second, err := e.Wrap(bytes.Clone(content))
		if err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s: it differs, %v", e, err)
		}
		if diff := cmp.Diff(string(content), string(unwrap(t, e, first))); diff != "" {
			t.Errorf("%s (-want +got)\n%s", e, diff)
		}
	}
	packed, err := cloud.Gzip.Wrap(content)
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil || r.Name != "" || r.Comment != "" || !r.ModTime.IsZero() {
		t.Errorf("%+v, %v", r.Header, err)
	}
	encoded, err := cloud.GzipBase64.Wrap(content)
	if err != nil || bytes.ContainsAny(encoded, "\r\n") { // cloud-init on Hetzner does not decode it then
		t.Errorf("%q, %v", encoded, err)
	}
}

func unwrap(t *testing.T, e cloud.Encoding, content []byte) []byte {
	t.Helper()
	if e == cloud.Plain {
		return content
	}
	if e == cloud.GzipBase64 {
		var err error
		if content, err = base64.StdEncoding.DecodeString(string(content)); err != nil {
			t.Fatal(err)
		}
	}
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	out, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

package nocloud_test

import (
	"bytes"
	"testing"

	"github.com/etcdbake/etcdbake/generator/format/nocloud"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/userdata"
)

// FuzzWhatIsEncodedIsDecodedTheSame reads the image back with the decoder of rehearsals, which knows nothing of Image.
func FuzzWhatIsEncodedIsDecodedTheSame(f *testing.F) {
	f.Add([]byte("key"))
	f.Add(bytes.Repeat([]byte("0123456789abcdef"), 128))
	f.Fuzz(func(t *testing.T, content []byte) {
		host := plan.Host{
			Cluster: "fuzz", Name: "m1", Unit: "etcd.service", Done: "/var/lib/etcdbake/done",
			Files: []plan.File{{Path: "/etc/etcd/ssl/key", Mode: 0o600, Content: content, Secret: true}},
		}
		iso, err := nocloud.Image(host)
		if err != nil {
			t.Fatal(err)
		}
		decoded, err := userdata.Decode(iso)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decoded.ReadFile("/etc/etcd/ssl/key")
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%q became %q, %v", content, got, err)
		}
	})
}

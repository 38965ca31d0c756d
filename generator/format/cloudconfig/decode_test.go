package cloudconfig_test

import (
	"bytes"
	"testing"

	"github.com/etcdbake/etcdbake/generator/format/cloudconfig"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/userdata"
)

// FuzzWhatIsEncodedIsDecodedTheSame reads the user-data back with the rehearsal's decoder, which knows nothing of Encode.
func FuzzWhatIsEncodedIsDecodedTheSame(f *testing.F) {
	for _, content := range []string{
		"", "yes", "12:30:45", "0600", "~", " leading", "trailing ", "\n", "\n\n a\n", "a\r\nb\r", "tab\there\n", "- x: {y}\n# z\n",
		"\x00\xff", "\ufeffBOM", "\u2028\u0085", "%YAML 1.2\n---\n...\n", "'\"`$%\\",
	} {
		f.Add([]byte(content), "member one: \"x\" $y %z")
	}
	f.Fuzz(func(t *testing.T, content []byte, name string) {
		host := plan.Host{
			Cluster:     "fuzz",
			Name:        "m1",
			Directories: []plan.Directory{{Path: "/etc/etcd/ssl", Mode: 0o700}},
			Files: []plan.File{
				{Path: "/etc/etcd/ssl/key", Mode: 0o600, Content: content, Secret: true},
				{Path: "/etc/etcd/etcd.conf", Mode: 0o644, Content: []byte(name)},
			},
			Unit: "etcd.service",
			Done: "/var/lib/etcdbake/done",
		}
		for _, form := range []cloudconfig.Form{cloudconfig.Readable, cloudconfig.Compact} {
			encoded, err := cloudconfig.Encode(host, form)
			if err != nil {
				t.Fatal(err)
			}
			decoded, err := userdata.Decode(encoded)
			if err != nil {
				t.Fatalf("%v\n%s", err, encoded)
			}
			for i, file := range decoded.Files {
				want := host.Files[i]
				if file.Path != want.Path || file.Mode != want.Mode || !bytes.Equal(file.Content, want.Content) {
					t.Errorf("%q became %+v\n%s", want.Content, file, encoded)
				}
			}
			if len(decoded.Files) != len(host.Files) || len(decoded.Commands) == 0 {
				t.Errorf("got %+v", decoded)
			}
		}
	})
}

package ignition_test

import (
	"testing"

	"github.com/coreos/ignition/v2/config/v3_3"
	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/format/ignition"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/userdata"
)

// FuzzWhatIsEncodedIsDecodedTheSame has Ignition's own validator judge the config, and reads it back with the decoder of
// rehearsals, which knows nothing of Encode.
func FuzzWhatIsEncodedIsDecodedTheSame(f *testing.F) {
	for _, content := range []string{"", "a b+c%20", "\x00\xff", "data:,x", "<&>\u2028\"\\", "\n\n a\r\n"} {
		f.Add([]byte(content), "ETCD_NAME=\"m1\"\n")
	}
	const unit = "[Service]\nExecStart=/bin/true\n\n[Install]\nWantedBy=multi-user.target\n"
	f.Fuzz(func(t *testing.T, content []byte, text string) {
		host := plan.Host{
			Cluster:     "fuzz",
			Name:        "m1",
			Directories: []plan.Directory{{Path: "/etc/etcd", Mode: 0o755}, {Path: "/etc/etcd/ssl", Mode: 0o700}},
			Files: []plan.File{
				{Path: "/etc/etcd/ssl/key", Mode: 0o600, Content: content, Secret: true},
				{Path: "/etc/etcd/etcd.conf", Mode: 0o644, Content: []byte(text)},
				{Path: "/etc/systemd/system/etcd.service.d/a.conf", Mode: 0o644, Content: content},
				{Path: "/etc/systemd/system/first.service", Mode: 0o644, Content: []byte(unit)},
				{Path: "/etc/systemd/system/empty.service", Mode: 0o644},
				{Path: "/etc/systemd/system/private.service", Mode: 0o600, Content: []byte(unit)},
			},
			Unit: "first.service",
		}
		for _, form := range []ignition.Form{ignition.Readable, ignition.Compact} {
			config, err := ignition.Encode(host, form)
			if err != nil {
				t.Fatal(err)
			}
			if _, report, err := v3_3.Parse(config); err != nil || len(report.Entries) > 0 {
				t.Fatalf("%v\n%s\n%s", err, report.String(), config)
			}
			decoded, err := userdata.Decode(config)
			if err != nil {
				t.Fatalf("%v\n%s", err, config)
			}
			compare(t, host, decoded)
		}
	})
}

func compare(t *testing.T, host plan.Host, decoded *userdata.Host) {
	t.Helper()
	want, got := map[string]userdata.File{}, map[string]userdata.File{}
	for _, f := range host.Files {
		want[f.Path] = userdata.File{Path: f.Path, Mode: f.Mode, Content: append([]byte{}, f.Content...)}
	}
	for _, f := range decoded.Files {
		f.Content = append([]byte{}, f.Content...)
		got[f.Path] = f
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	directories := []userdata.Directory{{Path: "/etc/etcd", Mode: 0o755}, {Path: "/etc/etcd/ssl", Mode: 0o700}}
	if diff := cmp.Diff(directories, decoded.Directories); diff != "" {
		t.Errorf("directories (-want +got):\n%s", diff)
	}
	for _, unit := range decoded.Units {
		if unit.Enabled != (unit.Name == host.Unit) {
			t.Errorf("unit %+v", unit)
		}
	}
}

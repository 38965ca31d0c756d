package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAHostHasAnOptionOnlyWhereTheSpecAsksForIt(t *testing.T) {
	const ready, shred = "etcd-ready.service", "etcdbake-shred.service"
	for more, want := range map[string]struct{ units, files []string }{
		"":                         {},
		"ready: {signal: unit}":    {[]string{ready}, []string{"/etc/etcdbake/ready", unitDir + ready}},
		"ready: {signal: console}": {[]string{ready}, []string{"/etc/etcdbake/ready", unitDir + ready}},
		"shred_user_data: true":    {[]string{shred}, []string{"/etc/etcdbake/shred", unitDir + shred}},
		"target: {image: golden}\nready: {signal: unit}\nshred_user_data: true": {
			[]string{ready, shred}, []string{"/etc/etcdbake/ready", unitDir + ready, "/etc/etcdbake/shred", unitDir + shred},
		},
	} {
		h := hosts(t, cluster(t, "3.6.14", more))[0]
		var files []string
		for _, f := range h.Files {
			if name := f.Path[strings.LastIndexByte(f.Path, '/')+1:]; strings.Contains(name, "ready") || strings.Contains(name, "shred") {
				files = append(files, f.Path)
			}
		}
		if diff := cmp.Diff(want.files, files); diff != "" {
			t.Errorf("%q: files (-want +got):\n%s", more, diff)
		}
		if diff := cmp.Diff(want.units, h.Extra); diff != "" {
			t.Errorf("%q: units (-want +got):\n%s", more, diff)
		}
		line := "UNITS=\"" + strings.Join(want.units, " ") + "\"\n"
		if got := strings.Contains(content(t, h, "/etc/etcdbake/first-boot.env"), line); got != (len(want.units) > 0) {
			t.Errorf("%q: line %s: %v", more, line, got)
		}
	}
}

func TestTheVerdictGoesToTheConsoleWhereTheSpecSaysSo(t *testing.T) {
	for signal, want := range map[string]string{"unit": "journal", "console": "journal+console"} {
		h := hosts(t, cluster(t, "3.6.14", "ready: {signal: "+signal+"}"))[0]
		if line := "StandardOutput=" + want + "\n"; !strings.Contains(content(t, h, unitDir+"etcd-ready.service"), line) {
			t.Errorf("%s: no line %s", signal, line)
		}
	}
}

func TestADataDiskIsMountedBeforeEtcdStarts(t *testing.T) {
	h := hosts(t, cluster(t, "3.6.14", "data_disk: {device: /dev/disk/by-id/google-etcd, filesystem: xfs}"))[0]
	const want = "# For data-disk.\nDEVICE=\"/dev/disk/by-id/google-etcd\"\nFILESYSTEM=\"xfs\"\nLABEL=\"etcd\"\n"
	if diff := cmp.Diff(want, content(t, h, "/etc/etcdbake/data-disk.env")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if conf := content(t, h, unitDir+"etcd.service.d/data-disk.conf"); !strings.Contains(conf, "\nAssertPathIsMountPoint="+dataDir+"\n") {
		t.Errorf("etcd would start without it:\n%s", conf)
	}
	if script := content(t, h, "/etc/etcdbake/first-boot"); !strings.Contains(script, ". /etc/etcdbake/data-disk\n") {
		t.Error("first boot does not read it")
	}
	for _, f := range hosts(t, cluster(t, "3.6.14", ""))[0].Files {
		if strings.Contains(f.Path, "data-disk") {
			t.Errorf("a host without a data disk has %s", f.Path)
		}
	}
}

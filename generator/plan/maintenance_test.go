package plan

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const maintained = "maintenance:\n  defrag: {schedule: weekly, threshold: 60}\n" +
	"  backup: {schedule: '*-*-* 02:30', keep: 3, command: /usr/local/bin/ship}\n"

func TestMaintenanceIsThereOnlyWhereItIsAskedFor(t *testing.T) {
	count := func(further string) (names []string) {
		for _, f := range hosts(t, cluster(t, "3.6.14", further))[0].Files {
			if strings.Contains(f.Path, "defrag") || strings.Contains(f.Path, "backup") || strings.Contains(f.Path, "restore") {
				names = append(names, f.Path)
			}
		}
		return names
	}
	for further, want := range map[string][]string{
		"":                                       nil,
		"maintenance: {defrag: {threshold: 60}}": nil,
		maintained: {
			"/etc/etcdbake/defrag", "/etc/systemd/system/etcdbake-defrag.service", "/etc/systemd/system/etcdbake-defrag.timer",
			"/etc/etcdbake/backup", "/etc/etcdbake/restore",
			"/etc/systemd/system/etcdbake-backup.service", "/etc/systemd/system/etcdbake-backup.timer",
		},
		maintained + "target: {image: golden}\n": {
			"/etc/etcdbake/defrag", "/etc/systemd/system/etcdbake-defrag.service", "/etc/systemd/system/etcdbake-defrag.timer",
			"/etc/etcdbake/backup", "/etc/etcdbake/restore",
			"/etc/systemd/system/etcdbake-backup.service", "/etc/systemd/system/etcdbake-backup.timer",
		},
	} {
		if diff := cmp.Diff(want, count(further)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", further, diff)
		}
	}
}

func TestMaintenanceSaysWhatTheSpecSays(t *testing.T) {
	host := hosts(t, cluster(t, "3.6.14", maintained))[0]
	for path, lines := range map[string][]string{
		unitDir + "etcdbake-defrag.service": {"ExecStart=/bin/sh /etc/etcdbake/defrag 60 104857600"},
		unitDir + "etcdbake-defrag.timer":   {"OnCalendar=weekly", "Unit=etcdbake-defrag.service"},
		unitDir + "etcdbake-backup.timer":   {"OnCalendar=*-*-* 02:30"},
		"/etc/etcdbake/first-boot.env":      {`UNITS="etcdbake-defrag.timer etcdbake-backup.timer"`},
		unitDir + "etcdbake-backup.service": {
			"ExecStart=/bin/sh /etc/etcdbake/backup /var/backups/etcd 3 /usr/local/bin/ship", "ReadWritePaths=-/var/backups/etcd",
			"Environment=PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		},
	} {
		for _, line := range lines {
			if text := content(t, host, path); !strings.Contains(text, line+"\n") {
				t.Errorf("%s has no line %s:\n%s", path, line, text)
			}
		}
	}
}

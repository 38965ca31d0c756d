package spec

import (
	"os/exec"
	"testing"
)

func TestMaintenanceIsWhatHostsCanDo(t *testing.T) {
	run(t, []badCase{
		{"one line each", with("maintenance:\n  defrag: {schedule: weekly}\n  backup: {schedule: daily}"), nil},
		{"everything", with("maintenance:\n  defrag: {schedule: 'Sun 03:00', threshold: 60, min_size: 1GiB}\n" +
			"  backup: {schedule: '*-*-* 0/6:30', directory: /srv/etcd_backups, keep: 28, command: /usr/local/bin/ship-it.sh}"), nil},
		{"no schedule", with("maintenance: {defrag: {threshold: 60}}"), []string{
			"6:23: warning: maintenance.defrag has no schedule, so it is never done (add schedule: weekly, or remove defrag)",
		}},
		{"cron", with("maintenance: {backup: {schedule: '0 3 * * *'}}"), []string{
			`6:34: maintenance.backup.schedule: "0 3 * * *" is not a time of the calendar (write it as in systemd.time(7): daily, ` +
				`"Sun 03:00" or "*-*-* 02:30:00"; systemd-analyze calendar tells what one means)`,
		}},
		{"more than all", with("maintenance: {defrag: {schedule: weekly, threshold: 100}}"), []string{
			"6:53: maintenance.defrag.threshold: 100 is out of range (write a number of percent from 1 to 99)",
		}},
		{"none kept", with("maintenance: {backup: {schedule: daily, keep: 0}}"), []string{
			"6:47: maintenance.backup.keep is out of range: 0 (give a number from 1 up)",
		}},
		{"relative", with("maintenance: {backup: {schedule: daily, directory: backups}}"), []string{
			`6:52: maintenance.backup.directory: "backups" is not a plain absolute path (write it from the root, of letters, digits, ` +
				`dots, dashes and underscores)`,
		}},
		{"arguments", with("maintenance: {backup: {schedule: daily, command: /bin/ship --to x}}"), []string{
			`6:50: maintenance.backup.command: "/bin/ship --to x" is not a plain absolute path (write it from the root, of letters, ` +
				`digits, dots, dashes and underscores)`,
		}},
	})
}

func TestASchedulesFormIsSystemds(t *testing.T) {
	for schedule, want := range map[string]bool{
		"daily": true, "weekly UTC": true, "quarterly": true, "Sun 03:00": true, "Mon..Fri 22:30": true, "Mon,Thu *-*-* 01:00:00": true,
		"*-*-1,15 04:00": true, "*:0/15": true, "*-*-* *:*:0/5": true, "2027-01-01": true, "Sat": true, "Sunday 03:00 Europe/Amsterdam": true,
		"*-02~03 00:00": true,
		"0 3 * * *":     false, "@daily": false, "every day": false, "25h": false, "Son 03:00": false, "daily\n": false, "03": false, " ": false,
	} {
		if got := shorthand.MatchString(schedule) || calendar.MatchString(schedule); got != want {
			t.Errorf("%q: %v, want %v", schedule, got, want)
		}
		analyze, err := exec.LookPath("systemd-analyze")
		if err != nil {
			t.Log("systemd-analyze is not here to ask")
			continue
		}
		if accepts := exec.Command(analyze, "calendar", schedule).Run() == nil; accepts != want {
			t.Errorf("%q: systemd accepts it: %v, want %v", schedule, accepts, want)
		}
	}
}

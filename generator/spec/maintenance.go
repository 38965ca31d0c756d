package spec

import (
	"path"
	"regexp"
)

// checkMaintenance checks what would end in units that systemd refuses, or in shell words.
func (d *document) checkMaintenance(m *Maintenance) {
	d.checkSchedule("defrag", m.Defrag.Schedule)
	if n := d.node("maintenance", "defrag", "threshold"); m.Defrag.Threshold > 99 && !d.bad[n] {
		d.errorf(n, "write a number of percent from 1 to 99", "maintenance.defrag.threshold: %d is out of range", m.Defrag.Threshold)
	}
	d.checkSchedule("backup", m.Backup.Schedule)
	d.checkHostPath("backup", "directory", m.Backup.Directory)
	if m.Backup.Command != "" {
		d.checkHostPath("backup", "command", m.Backup.Command)
	}
}

// What systemd.time(7) calls a shorthand, and the form of all others: weekdays, a date, a time and a time zone, of which each
// may be missing. systemd-analyze calendar on a host tells what a schedule means.
var (
	shorthand = regexp.MustCompile(`^(minutely|hourly|daily|weekly|monthly|quarterly|semiannually|annually|yearly)( (` + zone + `))?$`)
	calendar  = regexp.MustCompile(`^(` + weekdays + `( |$))?((` + field + `-)?` + field + `[-~]` + field + `( |$))?` +
		`(` + field + `:` + field + `(:` + field + `)?( |$))?(` + zone + `)?$`)
)

const (
	weekdays = `(Mon|Tue|Wed|Thu|Fri|Sat|Sun)([a-z,.-]*(Mon|Tue|Wed|Thu|Fri|Sat|Sun))*[a-z]*`
	field    = `[0-9*,./]+`
	zone     = `UTC|[A-Z][A-Za-z0-9_+-]*/[A-Za-z0-9_/+-]*`
)

// checkSchedule also warns of a section that does nothing.
func (d *document) checkSchedule(section, schedule string) {
	switch {
	case schedule == "" && d.has("maintenance", section) && !d.has("maintenance", section, "schedule"):
		d.warnf(d.node("maintenance", section), "add schedule: weekly, or remove "+section,
			"maintenance.%s has no schedule, so it is never done", section)
	case schedule != "" && !shorthand.MatchString(schedule) && !calendar.MatchString(schedule):
		d.errorf(d.node("maintenance", section, "schedule"),
			`write it as in systemd.time(7): daily, "Sun 03:00" or "*-*-* 02:30:00"; systemd-analyze calendar tells what one means`,
			"maintenance.%s.schedule: %q is not a time of the calendar", section, schedule)
	}
}

var plainPath = regexp.MustCompile(`^(/[A-Za-z0-9_.-]+)+$`)

// checkHostPath checks a path on the hosts: it goes into units and scripts.
func (d *document) checkHostPath(section, key, p string) {
	n := d.node("maintenance", section, key)
	if d.bad[n] || plainPath.MatchString(p) && path.Clean(p) == p {
		return
	}
	d.errorf(n, "write it from the root, of letters, digits, dots, dashes and underscores",
		"maintenance.%s.%s: %q is not a plain absolute path", section, key, p)
}

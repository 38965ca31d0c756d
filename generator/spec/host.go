package spec

import "cmp"

// DataDisk is a disk that only etcd's data are on; there is none when Device is empty.
type DataDisk struct {
	// The block device, by a name that stays the same: /dev/disk/by-id/... or /dev/disk/by-label/...
	Device string `yaml:"device,omitempty" jsonschema:"minLength=1,example=/dev/disk/by-id/google-etcd"`
	// What a blank disk is formatted with. A disk that holds anything is never formatted.
	Filesystem string `yaml:"filesystem,omitempty" jsonschema:"enum=ext4,enum=xfs,default=ext4"`
	// The file system's label.
	Label string `yaml:"label,omitempty" jsonschema:"minLength=1,default=etcd"`
}

// Ready is off when Signal is empty.
type Ready struct {
	// "unit" adds etcd-ready.service, which is active while this member is healthy in a quorum; "console" is the same
	// and a line on the serial console.
	Signal string `yaml:"signal,omitempty" jsonschema:"enum=unit,enum=console"`
}

// The values of Ready.Signal.
const (
	UnitSignal    = "unit"
	ConsoleSignal = "console"
)

// Maintenance is done by timers on every host.
type Maintenance struct {
	// Give the space of deleted data back to the file system, one member at a time, the leader last.
	Defrag Defrag `yaml:"defrag,omitempty"`
	// Save snapshots of the data on the host.
	Backup Backup `yaml:"backup,omitempty"`
}

// Defrag is off when Schedule is empty.
type Defrag struct {
	// When to look, as systemd's OnCalendar (systemd.time(7)).
	Schedule string `yaml:"schedule,omitempty" jsonschema:"minLength=1,example=weekly"`
	// The part of the database file, in percent, from which on it is worth it.
	Threshold int `yaml:"threshold,omitempty" jsonschema:"minimum=1,default=45"`
	// The space, in the database file, from which on it is worth it.
	MinSize Bytes `yaml:"min_size,omitempty" jsonschema:"default=100MiB,example=100MiB"`
}

// Backup is off when Schedule is empty.
type Backup struct {
	// When to take one, as systemd's OnCalendar (systemd.time(7)).
	Schedule string `yaml:"schedule,omitempty" jsonschema:"minLength=1,example=daily"`
	// The folder for them, of user etcd alone.
	Directory string `yaml:"directory,omitempty" jsonschema:"minLength=1,default=/var/backups/etcd"`
	// How many are kept.
	Keep int `yaml:"keep,omitempty" jsonschema:"minimum=1,default=7"`
	// A program on the host that is given the path of each new one, to ship it.
	Command string `yaml:"command,omitempty" jsonschema:"minLength=1,example=/usr/local/bin/ship-backup"`
}

// checkShred refuses to promise what is not done: what there is to destroy is cloud-init's.
func (d *document) checkShred(c *Cluster) {
	if c.ShredUserData && c.Target.Format == IgnitionFormat {
		d.errorf(d.node("shred_user_data"), "remove it; the cloud itself still has the user-data: docs/first-boot.md",
			"shred_user_data: hosts of Ignition have no cloud-init, whose copies are shredded")
	}
}

// completeHost fills in defaults of what a host is given, which depend on each other.
func completeHost(c *Cluster) {
	c.Target.Format = cmp.Or(c.Target.Format, map[string]string{"nocloud": NoCloudFormat}[c.Target.Cloud], CloudConfigFormat)
	c.Etcd.BinDir = cmp.Or(c.Etcd.BinDir, defaultBinDir(c.Target.Format))
}

package plan

import (
	"strconv"

	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/templates"
)

// defrag gives the space of deleted data back to the file system, by a timer.
func defrag(c *spec.Cluster) option {
	d := c.Maintenance.Defrag
	return timed("defrag", d.Schedule,
		rendering{"/etc/etcdbake/defrag", templates.Defrag, nil},
		rendering{unitDir + "etcdbake-defrag.service", templates.DefragService, struct{ BinDir, Threshold, MinSize string }{
			c.Etcd.BinDir, strconv.Itoa(d.Threshold), strconv.FormatUint(uint64(d.MinSize), 10),
		}})
}

// backup saves snapshots, by a timer; what restores one comes along.
func backup(c *spec.Cluster) option {
	b := c.Maintenance.Backup
	return timed("backup", b.Schedule,
		rendering{"/etc/etcdbake/backup", templates.Backup, nil},
		rendering{"/etc/etcdbake/restore", templates.Restore, struct{ BinDir string }{c.Etcd.BinDir}},
		rendering{unitDir + "etcdbake-backup.service", templates.BackupService, struct{ BinDir, Directory, Keep, Command string }{
			c.Etcd.BinDir, b.Directory, strconv.Itoa(b.Keep), b.Command,
		}})
}

// timed has the timer besides, which alone is enabled.
func timed(name, schedule string, files ...rendering) option {
	timer := "etcdbake-" + name + ".timer"
	data := struct{ Service, Schedule string }{"etcdbake-" + name + ".service", schedule}
	return option{
		files: append(files, rendering{unitDir + timer, templates.MaintenanceTimer, data}),
		units: []string{timer},
	}
}

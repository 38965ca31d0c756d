package plan

import (
	"strconv"

	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/templates"
)

// maintenanceFiles are the scripts and timers that the spec asks for; none where it does not. They come with the identity
// layer, so that hosts of a golden image have what their own spec says. etcd.service wants the timers: nothing enables them.
func maintenanceFiles(c *spec.Cluster) ([]File, error) {
	var renderings []rendering
	var timers []string
	add := func(name, service, schedule string, data any, scripts ...rendering) {
		const prefix = unitDir + "etcdbake-"
		renderings = append(renderings, scripts...)
		renderings = append(renderings,
			rendering{prefix + name + ".service", service, data},
			rendering{prefix + name + ".timer", templates.MaintenanceTimer, struct{ Service, Schedule string }{
				"etcdbake-" + name + ".service", schedule,
			}})
		timers = append(timers, "etcdbake-"+name+".timer")
	}
	if d := c.Maintenance.Defrag; d.Schedule != "" {
		add("defrag", templates.DefragService, d.Schedule, struct {
			BinDir             string
			Threshold, MinSize string
		}{c.Etcd.BinDir, strconv.Itoa(d.Threshold), strconv.FormatUint(uint64(d.MinSize), 10)},
			rendering{"/etc/etcdbake/defrag", templates.Defrag, nil})
	}
	if b := c.Maintenance.Backup; b.Schedule != "" {
		bin := struct{ BinDir string }{c.Etcd.BinDir}
		add("backup", templates.BackupService, b.Schedule, struct {
			BinDir, Directory, Command string
			Keep                       int
		}{c.Etcd.BinDir, b.Directory, b.Command, b.Keep},
			rendering{"/etc/etcdbake/backup", templates.Backup, nil},
			rendering{"/etc/etcdbake/restore", templates.Restore, bin})
	}
	if len(timers) > 0 {
		renderings = append(renderings, rendering{unitDir + "etcd.service.d/maintenance.conf", templates.MaintenanceConf, timers})
	}
	return render(Identity, renderings)
}

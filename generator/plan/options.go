package plan

import (
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/templates"
)

// option is what a host has only where the spec asks for it: files, and units that first boot enables and starts.
type option struct {
	files []rendering
	units []string
}

// options are in a fixed order. They are of the identity layer, so that any golden image will do for them.
func options(c *spec.Cluster) []option {
	var all []option
	if c.DataDisk.Device != "" {
		all = append(all, dataDisk(c))
	}
	if c.Ready.Signal != "" {
		all = append(all, ready(c))
	}
	if c.ShredUserData {
		all = append(all, shred())
	}
	if c.Maintenance.Defrag.Schedule != "" {
		all = append(all, defrag(c))
	}
	if c.Maintenance.Backup.Schedule != "" {
		all = append(all, backup(c))
	}
	return all
}

// extraUnits are the units of all options.
func extraUnits(c *spec.Cluster) []string {
	var units []string
	for _, o := range options(c) {
		units = append(units, o.units...)
	}
	return units
}

// ready tells others on the host, and who reads its console, whether the member is healthy.
func ready(c *spec.Cluster) option {
	const unit = "etcd-ready.service"
	output := "journal"
	if c.Ready.Signal == spec.ConsoleSignal {
		output = "journal+console"
	}
	return option{
		files: []rendering{
			{"/etc/etcdbake/ready", templates.Ready, nil},
			{unitDir + unit, templates.ReadyService, struct{ BinDir, Output string }{c.Etcd.BinDir, output}},
		},
		units: []string{unit},
	}
}

func shred() option {
	const unit = "etcdbake-shred.service"
	return option{
		files: []rendering{
			{"/etc/etcdbake/shred", templates.Shred, nil},
			{unitDir + unit, templates.ShredService, nil},
		},
		units: []string{unit},
	}
}

package plan

import (
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/templates"
)

// dataDisk has first boot mount the disk, and etcd not start without it.
func dataDisk(c *spec.Cluster) option {
	return option{files: []rendering{
		{"/etc/etcdbake/data-disk", templates.DataDisk, nil},
		{"/etc/etcdbake/data-disk.env", templates.DataDiskEnv, c.DataDisk},
		{unitDir + "etcd.service.d/data-disk.conf", templates.DataDiskConf, nil},
	}}
}

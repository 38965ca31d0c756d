package spec

import (
	"path"
	"regexp"
	"strings"
)

// checkDataDisk checks what first boot would wait for in vain, or what mkfs would refuse.
func (d *document) checkDataDisk(disk *DataDisk) {
	if !d.has("data_disk") {
		return
	}
	d.checkDevice(disk.Device)
	d.checkLabel(disk)
}

var (
	deviceName = regexp.MustCompile(`^/dev(/[A-Za-z0-9_:.@+=-]+)+$`)
	diskLabel  = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
	// What the kernel numbers in the order in which it finds disks.
	changingName = regexp.MustCompile(`^/dev/(sd|vd|xvd|hd|nvme|mmcblk)[a-z0-9]+$`)
)

func (d *document) checkDevice(device string) {
	n := d.node("data_disk", "device")
	switch {
	case d.bad[n]:
	case device == "":
		d.warnf(d.node("data_disk"), "add device: /dev/disk/by-id/..., or remove data_disk",
			"data_disk has no device, so the data are on the root file system")
	case !deviceName.MatchString(device) || path.Clean(device) != device:
		d.errorf(n, "write it like /dev/disk/by-id/google-etcd", "data_disk.device: %q is not the path of a device", device)
	case strings.HasPrefix(device, "/dev/disk/by-label/"), strings.HasPrefix(device, "/dev/disk/by-uuid/"):
		d.warnf(n, "name it by /dev/disk/by-id/..., or make the file system yourself",
			"data_disk.device: a blank disk has no label and no UUID, so %s is waited for until it has one", device)
	case changingName.MatchString(device):
		d.warnf(n, "name it by /dev/disk/by-id/...",
			"data_disk.device: %s may be another disk after a reboot", device)
	}
}

// newLabel is what a file system is called while first boot makes it (templates/files/data-disk.sh).
const newLabel = "etcdbake-new"

// The label's lengths are those of mke2fs(8) and mkfs.xfs(8).
func (d *document) checkLabel(disk *DataDisk) {
	n := d.node("data_disk", "label")
	longest := map[string]int{"ext4": 16, "xfs": 12}[disk.Filesystem]
	switch {
	case d.bad[n] || disk.Label == "" || longest == 0:
	case !diskLabel.MatchString(disk.Label):
		d.errorf(n, "use letters, digits, dots, dashes and underscores", "data_disk.label: %q cannot be a label", disk.Label)
	case len(disk.Label) > longest:
		d.errorf(n, "choose a shorter one", "data_disk.label: %q has %d characters, and %s takes %d",
			disk.Label, len(disk.Label), disk.Filesystem, longest)
	case disk.Label == newLabel:
		d.errorf(n, "choose another", "data_disk.label: %q marks a file system that is being made", disk.Label)
	}
}

package cloud

import (
	"strings"

	"github.com/etcdbake/etcdbake/generator/spec"
)

// libvirt makes a virtual machine with the seed as a CD-ROM, and a disk of its own over the image $IMAGE, an absolute path:
// virt-install(1). Its network hands out addresses, so that has to know the member's.
func libvirt(_ spec.Target, h Host) line {
	l := command("virt-install", "--name", h.Member.Name, "--memory", "4096", "--vcpus", "2", "--import",
		"--osinfo", "detect=on,require=off")
	if h.Member.Arch == "arm64" {
		l = l.add("--arch", "aarch64")
	}
	l = l.variable("--network ", "NETWORK").variable("--disk size=20,backing_store=", "IMAGE")
	path := strings.ReplaceAll(h.File, ",", ",,")
	return l.add("--disk", "path="+path+",device=cdrom", "--graphics", "none", "--noautoconsole")
}

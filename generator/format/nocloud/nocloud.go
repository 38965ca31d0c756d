// Package nocloud encodes a host's plan as a seed for cloud-init's datasource NoCloud, for machines without a cloud: an
// image of a CD-ROM, and the files in it: https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html.
package nocloud

import (
	"fmt"

	"github.com/etcdbake/etcdbake/generator/format/cloudconfig"
	"github.com/etcdbake/etcdbake/generator/plan"
)

// label is what cloud-init finds the CD-ROM by.
const label = "cidata"

// Names are those of the files of a seed.
func Names() []string { return []string{"meta-data", "user-data"} }

// Image returns an ISO 9660 image with the files in it. Equal plans give equal bytes.
func Image(host plan.Host) ([]byte, error) {
	contents, err := Files(host)
	if err != nil {
		return nil, err
	}
	var files []file
	for i, name := range Names() {
		files = append(files, file{name, contents[i]})
	}
	return image(label, files)
}

// Files returns the contents of the files, in the order of Names.
func Files(host plan.Host) ([][]byte, error) {
	userData, err := cloudconfig.Encode(host, cloudconfig.Readable)
	return [][]byte{metaData(host), userData}, err
}

// metaData names the host. Its instance-id, by which cloud-init tells one host from another, never changes: a host keeps
// its SSH host keys. Changed user-data reach it nevertheless, since cloud-init reads a CD-ROM at every boot
// (check_instance_id in cloudinit/sources/DataSourceNoCloud.py trusts only a seed in a folder).
func metaData(host plan.Host) []byte {
	return fmt.Appendf(nil, "instance-id: %q\nlocal-hostname: %q\n", "etcdbake-"+host.Cluster+"-"+host.Name, host.Name)
}

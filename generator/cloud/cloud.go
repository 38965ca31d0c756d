// Package cloud knows what each cloud takes to give to its hosts, and the command that creates an instance with it.
package cloud

import (
	"slices"

	"github.com/etcdbake/etcdbake/generator/spec"
)

// Channel is how a cloud hands its hosts what they boot from.
type Channel struct {
	// Limit is the largest file that the cloud takes, in bytes; 0 where none is known.
	Limit int
	// Encodings are what a file may be wrapped in, the most readable first. Whoever reads it on the host unwraps it.
	Encodings []Encoding
}

// ChannelOf returns the channel for the target's cloud and format.
func ChannelOf(target spec.Target) Channel {
	if target.Format == spec.NoCloudFormat { // an image of a disk, which nobody has to upload
		return Channel{Encodings: []Encoding{Plain}}
	}
	channel := Channel{limit(target.Cloud), []Encoding{Plain}}
	if readByCloudInit(target) {
		channel.Encodings = append(channel.Encodings, wrappings(target.Cloud)...)
	}
	return channel
}

// Takes tells whether the channel lets files with this encoding pass.
func (c Channel) Takes(e Encoding) bool { return slices.Contains(c.Encodings, e) }

func limit(cloud string) int {
	switch cloud {
	case "aws":
		// Before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
		return 16384
	case "gce":
		// Per metadata value: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations
		return 262144
	case "azure":
		// Before base64: https://learn.microsoft.com/azure/virtual-machines/custom-data
		return 65535
	case "openstack":
		// Nova counts the base64 text, 65535 characters, and whole groups of four of it are 49149 bytes:
		// https://docs.openstack.org/api-ref/compute/#create-server
		return 65535 / 4 * 3
	case "digitalocean":
		// https://docs.digitalocean.com/products/droplets/how-to/provide-user-data/
		return 65536
	case "hetzner":
		// https://docs.hetzner.cloud/reference/cloud#servers-create-a-server
		return 32768
	}
	return 0
}

// readByCloudInit tells who looks at the file first. Ignition unpacks nothing (coreos/ignition#1100), and Google's guest agent,
// which runs a startup-script, neither.
func readByCloudInit(target spec.Target) bool {
	switch target.Format {
	case spec.CloudConfigFormat:
		return true
	case spec.ScriptFormat:
		return target.Cloud != "gce"
	}
	return false
}

// wrappings are what a cloud and its tool let pass besides text, and its cloud-init datasource unwraps. cloud-init unpacks gzip
// wherever it comes from (convert_string in cloudinit/user_data.py).
func wrappings(cloud string) []Encoding {
	switch cloud {
	case "aws", "openstack": // the tools read a file as bytes; aws with fileb://
		return []Encoding{Gzip}
	case "gce":
		// Metadata are UTF-8; with the attribute user-data-encoding=base64 cloud-init decodes them (DataSourceGCE.py).
		return []Encoding{GzipBase64}
	case "hetzner":
		// User-data are text, and cloud-init decodes what is base64 without a line end (DataSourceHetzner.py, maybe_b64decode).
		return []Encoding{GzipBase64}
	}
	// DigitalOcean's are text. Azure's are bytes, but az takes the file for text, in UTF-16 if need be (read_file_content in
	// azure/cli/core/util.py).
	return nil
}

package spec

import "slices"

// checkTarget checks that hosts of the cloud can be given the format, and can have the addresses.
func (d *document) checkTarget(c *Cluster) {
	cloud, format := c.Target.Cloud, c.Target.Format
	n := d.node("target", "cloud")
	if d.bad[n] {
		return
	}
	givesUserData := !slices.Contains([]string{"nocloud", "generic"}, cloud)
	switch {
	case format == NoCloudFormat && givesUserData:
		d.errorf(n, "use format cloud-config, which is the same without the disk",
			"target.cloud: %s gives its hosts user-data, no seed disk (format %s)", cloud, format)
	case format == IgnitionFormat && cloud == "nocloud":
		d.errorf(n, "write cloud: generic for machines of your own", "target.cloud: Ignition reads no seed disk of NoCloud")
	}
	if cloud != "digitalocean" {
		return
	}
	for i, m := range c.Members {
		if _, ok := m.IP(); ok {
			d.warnf(d.node("members", i, "address"), "give a DNS name, and point it at the droplet when that is there",
				"members[%d].address: DigitalOcean chooses the address of a droplet itself", i)
			return
		}
	}
}

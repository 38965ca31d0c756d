package spec

import "testing"

func TestACloudIsGivenWhatItTakes(t *testing.T) {
	target := func(cloud, format string) string {
		return with("target: {cloud: " + cloud + ", format: " + format + "}")
	}
	var cases []badCase
	for _, cloud := range Clouds() {
		for _, format := range []string{CloudConfigFormat, ScriptFormat, IgnitionFormat, NoCloudFormat} {
			var want []string
			switch {
			case cloud == "nocloud" && format == IgnitionFormat:
				want = []string{"6:17: target.cloud: Ignition reads no seed disk of NoCloud (write cloud: generic for machines of your own)"}
			case format == NoCloudFormat && cloud != "nocloud" && cloud != "generic":
				want = []string{"6:17: target.cloud: " + cloud + " gives its hosts user-data, no seed disk (format nocloud) " +
					"(use format cloud-config, which is the same without the disk)"}
			}
			if cloud == "digitalocean" {
				want = append([]string{"3:30: warning: members[0].address: DigitalOcean chooses the address of a droplet itself " +
					"(give a DNS name, and point it at the droplet when that is there)"}, want...)
			}
			cases = append(cases, badCase{cloud + " " + format, target(cloud, format), want})
		}
	}
	run(t, append(cases,
		badCase{"an unknown cloud", with("target: {cloud: azur, format: nocloud}"), []string{
			`6:17: target.cloud must be gce, aws, azure, openstack, digitalocean, hetzner, nocloud or generic, not "azur" (did you mean "azure"?)`,
		}},
		badCase{"droplets with names", "name: k8s-etcd\nmembers:\n  - {name: a, address: a.example.com}\n  - {name: b, address: b.example.com}\n" +
			"  - {name: c, address: c.example.com}\ntarget: {cloud: digitalocean}\n", nil},
	))
}

func TestAChoiceIsCheckedAndDefaultsFollowIt(t *testing.T) {
	src := []byte(three + "target: {cloud: aws, format: cloud-config}\n")
	c, _, err := Parse("cluster.yaml", src, func(t *Target) { t.Format = IgnitionFormat })
	if err != nil || c.Target.Format != IgnitionFormat || c.Etcd.BinDir != "/opt/bin" {
		t.Errorf("%+v, %v", c, err)
	}
	if _, _, err := Parse("cluster.yaml", src, func(t *Target) { t.Format = NoCloudFormat }); err == nil {
		t.Error("aws takes a seed disk")
	}
}

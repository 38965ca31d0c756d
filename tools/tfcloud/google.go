package main

import "github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"

// google has what https://registry.terraform.io/providers/hashicorp/google/latest/docs says of these.
func google() *schema.Provider {
	rules := func() *schema.Schema {
		return block(arguments{"protocol": text(required), "ports": texts()})
	}
	return &schema.Provider{
		Schema: arguments{"project": text(), "region": text()},
		ResourcesMap: map[string]*schema.Resource{
			"google_compute_address": resource("address", arguments{
				"name": text(required, replaces), "address": text(replaces, computed), "address_type": text(replaces),
				"region": text(replaces), "subnetwork": text(replaces),
			}),
			"google_compute_disk": resource("disk", arguments{
				"name": text(required, replaces), "size": number(), "type": text(replaces), "zone": text(replaces),
			}),
			"google_compute_firewall": resource("firewall", arguments{
				"name": text(required, replaces), "network": text(required, replaces), "priority": number(),
				"source_ranges": texts(), "source_tags": texts(), "target_tags": texts(), "allow": rules(), "deny": rules(),
			}),
			"google_compute_instance": resource("instance", arguments{
				"name": text(required, replaces), "zone": text(replaces), "machine_type": text(required), "tags": texts(),
				"metadata": textByName(),
				"boot_disk": block(arguments{
					"initialize_params": block(arguments{"image": text(replaces), "size": number(replaces)}, once, replaces),
				}, once, required, replaces),
				"attached_disk": block(arguments{"source": text(required), "device_name": text()}),
				"network_interface": block(arguments{
					"subnetwork": text(replaces), "network_ip": text(replaces), "access_config": block(arguments{"nat_ip": text()}),
				}, required, replaces),
				"shielded_instance_config": block(arguments{"enable_secure_boot": truth()}, once),
			}),
		},
	}
}

package main

import (
	"context"

	"github.com/hashicorp/terraform-plugin-sdk/v2/helper/schema"
)

// aws has what https://registry.terraform.io/providers/hashicorp/aws/latest/docs says of these.
func aws() *schema.Provider {
	instance := resource("i", arguments{
		"ami":                         text(replaces, computed),
		"associate_public_ip_address": truth(replaces, computed),
		"instance_type":               text(),
		"private_ip":                  text(replaces, computed),
		"subnet_id":                   text(replaces),
		"tags":                        textByName(),
		"user_data_base64":            text(),
		"user_data_replace_on_change": truth(),
		"vpc_security_group_ids":      texts(),
		"metadata_options": block(arguments{
			"http_endpoint": text(), "http_put_response_hop_limit": number(), "http_tokens": text(),
		}, once),
		"root_block_device": block(arguments{
			"encrypted": truth(replaces), "volume_size": number(), "volume_type": text(),
		}, once),
	})
	instance.CustomizeDiff = func(_ context.Context, d *schema.ResourceDiff, _ any) error {
		if d.Id() != "" && d.HasChange("user_data_base64") && d.Get("user_data_replace_on_change").(bool) {
			return d.ForceNew("user_data_base64")
		}
		return nil
	}
	rule := func() *schema.Resource {
		return resource("sgr", arguments{
			"cidr_ipv4": text(), "cidr_ipv6": text(), "description": text(), "from_port": number(), "to_port": number(),
			"ip_protocol": text(required), "referenced_security_group_id": text(), "security_group_id": text(required, replaces),
		})
	}
	return &schema.Provider{
		Schema: arguments{"region": text()},
		DataSourcesMap: map[string]*schema.Resource{
			"aws_subnet": data(arguments{
				"id": text(computed), "availability_zone": text(computed), "vpc_id": text(computed),
			}, map[string]string{"availability_zone": "eu-central-1a", "vpc_id": "vpc-1"}),
			"aws_ssm_parameter": data(arguments{
				"name": text(required), "insecure_value": text(computed),
			}, map[string]string{"insecure_value": "ami-1"}),
		},
		ResourcesMap: map[string]*schema.Resource{
			"aws_instance": instance,
			"aws_ebs_volume": resource("vol", arguments{
				"availability_zone": text(required, replaces), "encrypted": truth(replaces), "size": number(), "type": text(),
				"tags": textByName(),
			}),
			"aws_volume_attachment": resource("vai", arguments{
				"device_name": text(required, replaces), "instance_id": text(required, replaces),
				"volume_id": text(required, replaces), "stop_instance_before_detaching": truth(),
			}),
			"aws_security_group": resource("sg", arguments{
				"name": text(replaces), "description": text(replaces), "vpc_id": text(replaces), "tags": textByName(),
			}),
			"aws_vpc_security_group_ingress_rule": rule(),
			"aws_vpc_security_group_egress_rule":  rule(),
		},
	}
}

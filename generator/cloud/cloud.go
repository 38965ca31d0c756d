// Package cloud knows what each cloud takes as user-data, and the command that creates an instance with it.
package cloud

import (
	"fmt"

	"al.essio.dev/pkg/shellescape"

	"github.com/etcdbake/etcdbake/generator/spec"
)

// Limit returns the largest user-data that the cloud takes, in bytes as sent; 0 where none is known.
func Limit(name string) int {
	switch name {
	case "aws":
		// Before base64: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html
		return 16384
	case "gce":
		// Per metadata value: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations
		return 262144
	}
	return 0
}

// CreateCommand returns the shell command that creates the member's instance with the given user-data file; empty for a
// cloud whose tools are not known. A golden image is the shell's $IMAGE or $IMAGE_ID.
func CreateCommand(target spec.Target, m spec.Member, userData string) string {
	golden := target.Image == spec.GoldenImage
	switch target.Cloud {
	case "aws":
		return ec2(m, userData, golden)
	case "gce":
		return gce(m, userData, golden)
	}
	return ""
}

// gce uses an Ubuntu image where none was baked, since Google's Debian images have no cloud-init.
func gce(m spec.Member, userData string, golden bool) string {
	machine := map[string]string{"amd64": "e2-standard-2", "arm64": "t2a-standard-2"}
	begin := []string{"gcloud", "compute", "instances", "create", m.Name, "--machine-type=" + machine[m.Arch]}
	image := `--image="$IMAGE"`
	if !golden {
		image = shellescape.QuoteCommand([]string{
			"--image-project=ubuntu-os-cloud", "--image-family=ubuntu-2404-lts-" + m.Arch,
		})
	}
	var end []string
	if ip, ok := m.IP(); ok && ip.Is4() {
		end = append(end, "--private-network-ip="+m.Address)
	}
	end = append(end, "--metadata-from-file=user-data="+userData)
	return shellescape.QuoteCommand(begin) + " " + image + " " + shellescape.QuoteCommand(end)
}

// ec2 names a stock image by Canonical's public parameter, so that the line is good in every region; it asks for IMDSv2,
// which a request forged through a server on the host cannot easily reach to read the user-data.
func ec2(m spec.Member, userData string, golden bool) string {
	machine := map[string]string{"amd64": "m6i.large", "arm64": "m6g.large"}
	image := `"$IMAGE_ID"`
	if !golden {
		image = shellescape.Quote(fmt.Sprintf(
			"resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/%s/hvm/ebs-gp3/ami-id", m.Arch))
	}
	rest := []string{"--instance-type", machine[m.Arch]}
	if ip, ok := m.IP(); ok && ip.Is4() {
		rest = append(rest, "--private-ip-address", m.Address)
	}
	rest = append(rest,
		"--metadata-options", "HttpTokens=required",
		"--tag-specifications", "ResourceType=instance,Tags=[{Key=Name,Value="+m.Name+"}]",
		"--user-data", "file://"+userData)
	return "aws ec2 run-instances --image-id " + image + " " + shellescape.QuoteCommand(rest) + ` --subnet-id "$SUBNET_ID"`
}

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
// cloud whose tools are not known.
func CreateCommand(name string, m spec.Member, userData string) string {
	switch name {
	case "aws":
		return shellescape.QuoteCommand(ec2(m, userData)) + ` --subnet-id "$SUBNET_ID"`
	case "gce":
		return shellescape.QuoteCommand(gce(m, userData))
	}
	return ""
}

// gce uses an Ubuntu image, since Google's Debian images have no cloud-init.
func gce(m spec.Member, userData string) []string {
	machine := map[string]string{"amd64": "e2-standard-2", "arm64": "t2a-standard-2"}
	command := []string{
		"gcloud", "compute", "instances", "create", m.Name,
		"--machine-type=" + machine[m.Arch],
		"--image-project=ubuntu-os-cloud",
		"--image-family=ubuntu-2404-lts-" + m.Arch,
	}
	if ip, ok := m.IP(); ok && ip.Is4() {
		command = append(command, "--private-network-ip="+m.Address)
	}
	return append(command, "--metadata-from-file=user-data="+userData)
}

// ec2 names the image by Canonical's public parameter, so that the line is good in every region; it asks for IMDSv2, which
// a request forged through a server on the host cannot easily reach to read the user-data.
func ec2(m spec.Member, userData string) []string {
	machine := map[string]string{"amd64": "m6i.large", "arm64": "m6g.large"}
	image := "resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/%s/hvm/ebs-gp3/ami-id"
	command := []string{
		"aws", "ec2", "run-instances",
		"--image-id", fmt.Sprintf(image, m.Arch),
		"--instance-type", machine[m.Arch],
	}
	if ip, ok := m.IP(); ok && ip.Is4() {
		command = append(command, "--private-ip-address", m.Address)
	}
	return append(command,
		"--metadata-options", "HttpTokens=required",
		"--tag-specifications", "ResourceType=instance,Tags=[{Key=Name,Value="+m.Name+"}]",
		"--user-data", "file://"+userData)
}

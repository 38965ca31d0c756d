package cloud

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/etcdbake/etcdbake/generator/spec"
)

// Host is an instance to create.
type Host struct {
	Member   spec.Member
	File     string // the path of what it is given
	Encoding Encoding
}

// CreateCommand returns the shell command that creates the host, on one line; empty for a cloud without a tool. What only the
// operator knows is in shell variables: $IMAGE or $IMAGE_ID is a golden image, or one of a distribution with
// Ignition; for a seed, any with cloud-init.
func CreateCommand(target spec.Target, h Host) string {
	command := map[string]func(spec.Target, Host) line{
		"aws": ec2, "gce": gce, "azure": azure, "openstack": openStack, "digitalocean": digitalOcean, "hetzner": hetzner,
	}[target.Cloud]
	if target.Format == spec.NoCloudFormat {
		command = libvirt
	}
	if command == nil {
		return ""
	}
	l := command(target, h)
	return string(l) + unset(l, h.Member)
}

// unset is a comment with those of the member's addresses that the command does not set: its tool cannot, or the cloud chooses.
func unset(l line, m spec.Member) string {
	words := strings.FieldsFunc(string(l), func(r rune) bool { return strings.ContainsRune(" =,'", r) })
	var missing []string
	for _, address := range append([]string{m.Address}, m.Addresses...) {
		if _, err := netip.ParseAddr(address); err == nil && !slices.Contains(words, address) {
			missing = append(missing, address)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return " # it is to have " + strings.Join(missing, " and ")
}

// line is a command line for the shell.
type line string

func command(words ...string) line { return line(shellescape.QuoteCommand(words)) }

// add appends words, quoted where the shell would change them.
func (l line) add(words ...string) line { return l + " " + command(words...) }

// variable appends an option with the value of a shell variable.
func (l line) variable(option, name string) line {
	return l + line(fmt.Sprintf(` %s"$%s"`, option, name))
}

// fourth tells whether a member has an IPv4 address: tools have another option for the rest, or none.
func fourth(m spec.Member) bool {
	ip, ok := m.IP()
	return ok && ip.Is4()
}

// ownImage tells whether the image is one that cannot be named here.
func ownImage(target spec.Target) bool {
	return target.Image == spec.GoldenImage || target.Format == spec.IgnitionFormat
}

// gce uses an Ubuntu image for cloud-config where none was baked, since Google's Debian images have no cloud-init. A script is
// a startup-script there, which runs at every boot, on any image.
func gce(target spec.Target, h Host) line {
	arch := h.Member.Arch
	machine := map[string]string{"amd64": "e2-standard-2", "arm64": "t2a-standard-2"}
	l := command("gcloud", "compute", "instances", "create", h.Member.Name, "--machine-type="+machine[arch])
	key := "user-data"
	switch {
	case ownImage(target):
		l = l.variable("--image=", "IMAGE")
	case target.Format == spec.ScriptFormat:
		family := map[string]string{"amd64": "debian-13", "arm64": "debian-13-arm64"}[arch]
		l = l.add("--image-project=debian-cloud", "--image-family="+family)
	default:
		l = l.add("--image-project=ubuntu-os-cloud", "--image-family=ubuntu-2404-lts-"+arch)
	}
	if target.Format == spec.ScriptFormat {
		key = "startup-script"
	}
	if fourth(h.Member) {
		l = l.add("--private-network-ip=" + h.Member.Address)
	}
	if h.Encoding == GzipBase64 {
		l = l.add("--metadata=user-data-encoding=base64")
	}
	return l.add("--metadata-from-file=" + key + "=" + h.File)
}

// ec2 names a stock image by Canonical's public parameter, so that the line is good in every region; it asks for IMDSv2,
// which a request forged through a server on the host cannot easily reach to read the user-data. fileb: takes a file as bytes.
func ec2(target spec.Target, h Host) line {
	m := h.Member
	machine := map[string]string{"amd64": "m6i.large", "arm64": "m6g.large"}
	l := command("aws", "ec2", "run-instances")
	if ownImage(target) {
		l = l.variable("--image-id ", "IMAGE_ID")
	} else {
		l = l.add("--image-id", fmt.Sprintf(
			"resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/%s/hvm/ebs-gp3/ami-id", m.Arch))
	}
	l = l.add("--instance-type", machine[m.Arch])
	if fourth(m) {
		l = l.add("--private-ip-address", m.Address)
	}
	for _, address := range append([]string{m.Address}, m.Addresses...) {
		if ip, err := netip.ParseAddr(address); err == nil && ip.Is6() {
			l = l.add("--ipv6-addresses", "Ipv6Address="+address)
			break // the option takes more, but one is what a host needs
		}
	}
	scheme := map[Encoding]string{Plain: "file://", Gzip: "fileb://"}[h.Encoding]
	return l.add("--metadata-options", "HttpTokens=required",
		"--tag-specifications", "ResourceType=instance,Tags=[{Key=Name,Value="+m.Name+"}]",
		"--user-data", scheme+h.File).variable("--subnet-id ", "SUBNET_ID")
}

// azure gives the file as custom data. An image of another architecture is another SKU.
func azure(target spec.Target, h Host) line {
	m := h.Member
	machine := map[string]string{"amd64": "Standard_D2s_v5", "arm64": "Standard_D2ps_v5"}
	sku := map[string]string{"amd64": "server", "arm64": "server-arm64"}
	l := command("az", "vm", "create", "--name", m.Name).variable("--resource-group ", "RESOURCE_GROUP")
	if ownImage(target) {
		l = l.variable("--image ", "IMAGE")
	} else {
		l = l.add("--image", "Canonical:ubuntu-24_04-lts:"+sku[m.Arch]+":latest")
	}
	l = l.add("--size", machine[m.Arch]).variable("--vnet-name ", "VNET").variable("--subnet ", "SUBNET")
	if fourth(m) {
		l = l.add("--private-ip-address", m.Address)
	}
	return l.add("--public-ip-address", "", "--generate-ssh-keys", "--custom-data", h.File)
}

// openStack has no images and flavors of the same name everywhere.
func openStack(_ spec.Target, h Host) line {
	m := h.Member
	l := command("openstack", "server", "create").variable("--image ", "IMAGE").variable("--flavor ", "FLAVOR")
	l = l.variable("--nic net-id=", "NETWORK_ID")
	if ip, ok := m.IP(); ok {
		version := map[bool]string{true: "v4", false: "v6"}[ip.Is4()]
		l += line("," + version + "-fixed-ip=" + ip.String())
	}
	return l.add("--user-data", h.File, m.Name)
}

// digitalOcean chooses addresses itself.
func digitalOcean(target spec.Target, h Host) line {
	l := command("doctl", "compute", "droplet", "create", h.Member.Name, "--size", "s-2vcpu-4gb")
	if ownImage(target) {
		l = l.variable("--image ", "IMAGE_ID")
	} else {
		l = l.add("--image", "ubuntu-24-04-x64")
	}
	l = l.variable("--region ", "REGION").variable("--vpc-uuid ", "VPC_UUID")
	return l.add("--user-data-file", h.File)
}

// hetzner attaches the network before the first boot, since only that takes an address.
func hetzner(target spec.Target, h Host) line {
	m := h.Member
	machine := map[string]string{"amd64": "cx23", "arm64": "cax11"}
	l := command("hcloud", "server", "create", "--name", m.Name, "--type", machine[m.Arch])
	if ownImage(target) {
		l = l.variable("--image ", "IMAGE_ID")
	} else {
		l = l.add("--image", "ubuntu-24.04")
	}
	if !fourth(m) {
		return l.variable("--network ", "NETWORK").add("--user-data-from-file", h.File)
	}
	return l.add("--start-after-create=false", "--user-data-from-file", h.File) + " && " +
		command("hcloud", "server", "attach-to-network", m.Name, "--ip", m.Address).variable("--network ", "NETWORK") + " && " +
		command("hcloud", "server", "poweron", m.Name)
}

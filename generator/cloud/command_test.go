package cloud_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

func TestTheLinesThatCreateHosts(t *testing.T) {
	var got strings.Builder
	for _, name := range spec.Clouds() {
		for _, target := range []spec.Target{
			{Cloud: name, Format: spec.CloudConfigFormat, Image: spec.StockImage},
			{Cloud: name, Format: spec.CloudConfigFormat, Image: spec.GoldenImage},
			{Cloud: name, Format: spec.ScriptFormat, Image: spec.StockImage},
			{Cloud: name, Format: spec.IgnitionFormat, Image: spec.StockImage},
		} {
			fmt.Fprintf(&got, "# %s %s %s\n", name, target.Format, target.Image)
			for _, e := range cloud.ChannelOf(target).Encodings {
				host := cloud.Host{
					Member:   spec.Member{Name: "master1", Address: "10.140.0.2", Arch: "amd64"},
					File:     "out/user-data/master1" + e.Extension(),
					Encoding: e,
				}
				fmt.Fprintln(&got, cloud.CreateCommand(target, host))
			}
		}
	}
	goldenfile.Compare(t, filepath.Join("testdata", "commands"), []byte(got.String()))
}

func TestASeedIsACDROMOfAVirtualMachine(t *testing.T) {
	target := spec.Target{Cloud: "nocloud", Format: spec.NoCloudFormat, Image: spec.StockImage}
	for _, test := range []struct {
		host cloud.Host
		want string
	}{
		{cloud.Host{Member: spec.Member{Name: "m1", Address: "10.0.0.2", Arch: "amd64"}, File: "out/nocloud/m1.iso"},
			`virt-install --name m1 --memory 4096 --vcpus 2 --import --osinfo detect=on,require=off --network "$NETWORK" ` +
				`--disk size=20,backing_store="$IMAGE" --disk path=out/nocloud/m1.iso,device=cdrom --graphics none --noautoconsole # it is to have 10.0.0.2`},
		{cloud.Host{Member: spec.Member{Name: "m1", Address: "10.0.0.2", Arch: "arm64"}, File: "my, out/m1.iso"},
			`virt-install --name m1 --memory 4096 --vcpus 2 --import --osinfo detect=on,require=off --arch aarch64 --network "$NETWORK" ` +
				`--disk size=20,backing_store="$IMAGE" --disk 'path=my,, out/m1.iso,device=cdrom' --graphics none --noautoconsole # it is to have 10.0.0.2`},
	} {
		if got := cloud.CreateCommand(target, test.host); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}

// TestTheLinesAreOneCommandEachForTheShell gives every line to a shell in which the tools print their words.
func TestTheLinesAreOneCommandEachForTheShell(t *testing.T) {
	sh, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	const tools = "for tool in gcloud aws az openstack doctl hcloud; do eval \"$tool() { printf '%s\\n' \\\"\\$@\\\"; }\"; done\n" +
		"IMAGE='a b' IMAGE_ID='a b' SUBNET_ID='a b' NETWORK_ID='a b' NETWORK='a b'\n"
	for _, m := range []spec.Member{
		{Name: "m", Address: "10.0.0.2", Arch: "amd64"}, {Name: "m", Address: "2001:db8::2", Arch: "arm64"},
		{Name: "m", Address: "m.example.com", Arch: "arm64"},
	} {
		for _, name := range spec.Clouds() {
			for _, image := range []string{spec.StockImage, spec.GoldenImage} {
				line := cloud.CreateCommand(
					spec.Target{Cloud: name, Format: spec.CloudConfigFormat, Image: image},
					cloud.Host{Member: m, File: "my out/it's.yaml", Encoding: cloud.Plain})
				if name == "nocloud" || name == "generic" {
					if line != "" {
						t.Errorf("%s: %s", name, line)
					}
					continue
				}
				out, err := exec.Command(sh, "-c", tools+line).CombinedOutput()
				if err != nil {
					t.Fatalf("%s\n%v\n%s", line, err, out)
				}
				words := strings.Split(string(out), "\n")
				isFile := func(word string) bool { return strings.HasSuffix(word, "my out/it's.yaml") }
				if !slices.ContainsFunc(words, isFile) || strings.Contains(line, "\n") {
					t.Errorf("%s\n%s", line, out)
				}
				ip, isIP := m.IP()
				asksFor := isIP && (ip.Is4() && name != "digitalocean" || name == "openstack" || name == "aws")
				if before, _, _ := strings.Cut(line, " # "); strings.Contains(before, m.Address) != asksFor {
					t.Errorf("asks for the address %s: %v\n%s", m.Address, !asksFor, line)
				}
			}
		}
	}
}

func TestAddressesThatTheCommandDoesNotSetAreNamed(t *testing.T) {
	for _, c := range []struct {
		cloud  string
		member spec.Member
		has    string
		ends   string
	}{
		{"aws", spec.Member{Address: "10.140.0.22"}, "--private-ip-address 10.140.0.22", `"$SUBNET_ID"`},
		{"aws", spec.Member{Address: "10.140.0.22", Addresses: []string{"fd00::2", "10.140.0.2"}},
			"--private-ip-address 10.140.0.22 --ipv6-addresses Ipv6Address=fd00::2 ", `"$SUBNET_ID" # it is to have 10.140.0.2`},
		{"aws", spec.Member{Address: "fd00::2"}, "m6i.large --ipv6-addresses Ipv6Address=fd00::2 ", `"$SUBNET_ID"`},
		{"gce", spec.Member{Address: "fd00::2", Addresses: []string{"10.140.0.2"}}, "", "=f # it is to have fd00::2 and 10.140.0.2"},
		{"gce", spec.Member{Address: "etcd1.example.com"}, "", "=f"},
		{"openstack", spec.Member{Address: "fd00::2"}, ",v6-fixed-ip=fd00::2", " m"},
	} {
		c.member.Name, c.member.Arch = "m", "amd64"
		got := cloud.CreateCommand(spec.Target{Cloud: c.cloud, Format: spec.CloudConfigFormat, Image: spec.StockImage},
			cloud.Host{Member: c.member, File: "f", Encoding: cloud.Plain})
		if !strings.Contains(got, c.has) || !strings.HasSuffix(got, c.ends) {
			t.Errorf("%s, %v: %s", c.cloud, c.member, got)
		}
	}
}

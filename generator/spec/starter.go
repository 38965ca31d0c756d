package spec

import (
	"bytes"
	_ "embed"
	"fmt"
	"net/netip"
	"slices"
	"text/template"
)

//go:embed starter.yaml.tmpl
var starterText string

// Clouds are the values that target.cloud takes.
func Clouds() []string {
	return []string{"gce", "aws", "azure", "openstack", "digitalocean", "hetzner", "nocloud", "generic"}
}

// Starter returns a spec to begin from: members 10.140.0.2 and up, or names on a cloud that chooses addresses itself, and every
// section with its defaults in comments. cloud is one of Clouds or "", which is generic; members is from 1 to 9.
func Starter(cloud string, members int) ([]byte, error) {
	if cloud == "" {
		cloud = "generic"
	}
	if !slices.Contains(Clouds(), cloud) {
		return nil, fmt.Errorf("unknown cloud %q: %s", cloud, didYouMean(cloud, Clouds(), "choose one of"))
	}
	if members < 1 || members > 9 {
		return nil, fmt.Errorf("%d members: choose 3 or 5, at most 9", members)
	}
	c := defaults()
	c.Name, c.Target.Cloud = "k8s-etcd", cloud
	address := netip.MustParseAddr("10.140.0.2")
	for i := range members {
		m := Member{Name: fmt.Sprintf("master%d", i+1), Address: address.String(), Arch: "amd64"}
		if cloud == "digitalocean" {
			m.Address = m.Name + ".etcd.example.com"
		}
		c.Members = append(c.Members, m)
		address = address.Next()
	}
	complete(c, "")
	arm64, _ := findRelease(c.Etcd.Version, "arm64")
	c.Etcd.SHA256["arm64"] = arm64.sha256
	t, err := template.New("starter").Option("missingkey=error").Parse(starterText)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, c)
	return out.Bytes(), err
}

package rehearse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/verify/expect"
)

// advertising makes members m1, m2, … that advertise these hosts.
func advertising(names ...string) ([]host, *expect.Cluster) {
	var all []host
	c := &expect.Cluster{}
	for i, name := range names {
		m := expect.Member{
			Name:       fmt.Sprintf("m%d", i+1),
			PeerURLs:   []string{"https://" + name + ":2380"},
			ClientURLs: []string{"https://" + name + ":2379"},
		}
		c.Members = append(c.Members, m)
		all = append(all, host{Name: m.Name})
	}
	return all, c
}

func TestEveryMemberHasItsRealAddress(t *testing.T) {
	all, c := advertising("10.140.0.2", "[fd00::1]", "etcd.example.com", "192.0.2.1", "198.51.100.1", "[2001:db8::1]", "b.example.com")
	if err := address(all, c); err != nil {
		t.Fatal(err)
	}
	const want = `127.0.0.1 localhost
::1 localhost
198.51.100.2 etcd.example.com
198.51.100.3 b.example.com
`
	if diff := cmp.Diff(want, string(hostsFile(all))); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var addresses []string
	for _, h := range all {
		addresses = append(addresses, fmt.Sprint(h.Name, h.Addresses))
	}
	if got, want := strings.Join(addresses, " "), "m1[10.140.0.2] m2[fd00::1] m3[198.51.100.2] m4[192.0.2.1] m5[198.51.100.1] "+
		"m6[2001:db8::1] m7[198.51.100.3]"; got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if got := fmt.Sprint(verifierAddresses(all)); got != "[192.0.2.2 2001:db8::2]" {
		t.Errorf("the verifier has %s", got)
	}
}

func TestAddressesThatCannotBeAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		hosts []string
		want  string
	}{
		"twice":       {[]string{"10.0.0.1", "10.0.0.1"}, "members m1 and m2 both have the address 10.0.0.1"},
		"unspecified": {[]string{"0.0.0.0"}, "member m1: it advertises https://0.0.0.0:2380, which other hosts cannot reach"},
		"loopback":    {[]string{"[::1]"}, "member m1: it advertises https://[::1]:2380, which other hosts cannot reach"},
	} {
		t.Run(name, func(t *testing.T) {
			all, cluster := advertising(c.hosts...)
			if err := address(all, cluster); err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestAdviceFitsWhatForbidsNamespaces(t *testing.T) {
	for setting, want := range map[string]string{
		"kernel/apparmor_restrict_unprivileged_userns=1": "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
		"kernel/unprivileged_userns_clone=0":             "sudo sysctl -w kernel.unprivileged_userns_clone=1",
		"user/max_user_namespaces=0":                     "sudo sysctl -w user.max_user_namespaces=10000",
		"none=0":                                         "docker run --privileged …",
	} {
		path, value, _ := strings.Cut(setting, "=")
		got := namespaceAdvice(func(p string) string {
			if p == path {
				return value + "\n"
			}
			return ""
		})
		if !strings.HasSuffix(got, "\n  "+want) {
			t.Errorf("%s: %q", setting, got)
		}
	}
}

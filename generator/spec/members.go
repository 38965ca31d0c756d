package spec

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// checkMembers checks each member, that no two share a name or an address, and their number.
func (d *document) checkMembers(members []Member) {
	names := seen{}
	for i, m := range members {
		n := d.node("members", i, "name")
		d.checkMemberName(n, fmt.Sprintf("members[%d].name", i), m.Name)
		d.unique(names, n, strings.ToLower(m.Name), "the name %q is taken", m.Name)
	}
	addresses := seen{}
	for i, m := range members {
		path := fmt.Sprintf("members[%d].", i)
		d.checkAddress(addresses, d.node("members", i, "address"), path+"address", m.Address, true)
		for j, a := range m.Addresses {
			d.checkAddress(addresses, d.node("members", i, "addresses", j), fmt.Sprintf("%saddresses[%d]", path, j), a, false)
		}
		d.checkClientAddress(addresses, i, members)
		d.checkDNSNames(i, members)
	}
	d.checkFamilies(members)
	d.checkCount(len(members))
}

// checkMemberName checks that a name can be a host name too.
func (d *document) checkMemberName(n *yaml.Node, path, name string) {
	if name == "" {
		return
	}
	_, err := netip.ParseAddr(name)
	switch {
	case len(name) > maxName:
		d.tooLong(n, path, name)
	case err == nil:
		d.errorf(n, "give the host a name, such as master1", "%s: %q is an address", path, name)
	case strings.EqualFold(name, "localhost"):
		d.errorf(n, "give the host a name, such as master1", "%s: every host is %q", path, name)
	default:
		for label := range strings.SplitSeq(name, ".") {
			if !hostLabel.MatchString(label) {
				d.errorf(n, "use letters, digits and '-', with a letter or digit at both ends",
					"%s: %q cannot be a host name", path, name)
				return
			}
		}
	}
}

// checkAddress checks an IP address, or also a DNS name, and that no member has it already.
func (d *document) checkAddress(all seen, n *yaml.Node, path, address string, orName bool) {
	if address == "" {
		return
	}
	ip, err := netip.ParseAddr(address)
	var problem, hint string
	switch {
	case err == nil:
		problem, hint = ipProblem(ip)
	default:
		if problem, hint = notAnIP(address); problem == "" {
			problem, hint = dnsProblem(address)
		}
		if problem == "" && !orName {
			problem, hint = "is a name", "write it under dns_names"
		}
	}
	if problem != "" {
		d.errorf(n, hint, "%s: %q %s", path, address, problem)
		return
	}
	d.unique(all, n, normalAddress(address), "the address %q is taken", address)
}

// ipProblem says why an IP address cannot be a member's, and what to do.
func ipProblem(ip netip.Addr) (problem, hint string) {
	const dialled = "give the address that the other members use"
	switch {
	case ip.Zone() != "":
		return "has a zone", "zones mean something on one host only: give an address without one"
	case ip.Is4In6():
		return "is an IPv4 address in IPv6 form", fmt.Sprintf("write %s", ip.Unmap())
	case ip.IsUnspecified():
		return "stands for all addresses of a host", dialled
	case ip.IsLoopback():
		return "is the host itself", dialled
	case ip.IsMulticast() || ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return "stands for many hosts", dialled
	case ip.IsLinkLocalUnicast():
		return "is link-local, so it is not reachable from other networks", dialled
	}
	return "", ""
}

// notAnIP recognises what is often given in place of an address.
func notAnIP(s string) (problem, hint string) {
	host := strings.Trim(s, "[]")
	if strings.Contains(s, "://") {
		return "is a URL", "give the host alone: etcdbake makes the URLs"
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return "is in brackets", fmt.Sprintf("write %s", ip)
	}
	if _, err := netip.ParsePrefix(s); err == nil {
		return "is a network", "write " + s[:strings.IndexByte(s, '/')]
	}
	if i := strings.LastIndexByte(s, ':'); i >= 0 && strings.Trim(s[i+1:], "0123456789") == "" && i < len(s)-1 {
		if _, err := netip.ParseAddrPort(s); err == nil || strings.Count(s, ":") == 1 {
			return "has a port", fmt.Sprintf("write %s: the ports are always 2379 and 2380", strings.Trim(s[:i], "[]"))
		}
	}
	if strings.Contains(s, ":") {
		return "is not an IPv6 address", "write it like 2001:db8::10"
	}
	return "", ""
}

// checkDNSNames checks the further names of member i: each once, and none that is another member's own.
func (d *document) checkDNSNames(i int, members []Member) {
	own := seen{}
	for j, name := range members[i].DNSNames {
		n := d.node("members", i, "dns_names", j)
		path := fmt.Sprintf("members[%d].dns_names[%d]", i, j)
		if name == "" {
			continue
		}
		if _, err := netip.ParseAddr(name); err == nil {
			d.errorf(n, "write it under addresses", "%s: %q is an address", path, name)
			continue
		}
		problem, hint := notAnIP(name)
		if problem == "" {
			problem, hint = dnsProblem(name)
		}
		if problem != "" {
			d.errorf(n, hint, "%s: %q %s", path, name, problem)
			continue
		}
		d.unique(own, n, strings.ToLower(name), "the name %q is here twice", name)
		for k, other := range members {
			if k != i && (strings.EqualFold(name, other.Name) || strings.EqualFold(name, other.Address)) {
				d.errorf(n, "remove it: a member's certificate must not be good for another member",
					"%s: %q is members[%d]", path, name, k)
			}
		}
	}
}

// checkCount warns of numbers of members that are rarely wanted.
func (d *document) checkCount(count int) {
	n := d.node("members")
	switch {
	case count == 1:
		d.warnf(n, "use three members in production", "one member: if it is lost, so is the cluster")
	case count > 7:
		d.warnf(n, "use five or seven members: more only make writes slower", "%d members: etcd advises at most 7", count)
	case count%2 == 0 && count > 0:
		d.warnf(n, fmt.Sprintf("use %d or %d members", count-1, count+1),
			"%d members are no safer than %d: both survive the loss of %d", count, count-1, (count-1)/2)
	}
}

// checkClientAddress checks what clients of member i dial. It may also be among the member's addresses or names, but is not
// another member's: whoever asks every member for its health would ask one twice.
func (d *document) checkClientAddress(addresses seen, i int, members []Member) {
	m := members[i]
	given := normalAddress(m.ClientAddress)
	own := func(a string) bool { return normalAddress(a) == given }
	if given == "" || slices.ContainsFunc(m.Addresses, own) {
		return
	}
	n := d.node("members", i, "client_address")
	path := fmt.Sprintf("members[%d].client_address", i)
	if own(m.Address) {
		d.errorf(n, "remove it", "%s: %q is the address, which clients dial anyway", path, m.ClientAddress)
		return
	}
	d.checkAddress(addresses, n, path, m.ClientAddress, true)
	for k, other := range members {
		if k != i && (strings.EqualFold(given, other.Name) || slices.ContainsFunc(other.DNSNames, own)) {
			d.errorf(n, "give the member a name of its own; one that leads to all members belongs under dns_names",
				"%s: %q is a name of members[%d]", path, m.ClientAddress, k)
		}
	}
}

// checkFamilies checks that members whose addresses are of both families can dial each other: who has no address of a family
// cannot dial it, and a peer that is dialled from an address outside of the caller's certificate hangs up (etcd's
// client/pkg/transport, checkCertSAN). Names are left alone: they may lead to any address.
func (d *document) checkFamilies(members []Member) {
	for i, m := range members {
		if _, ok := dialledIP(m); !ok || len(m.DNSNames) > 0 {
			continue
		}
		for k, other := range members {
			ip, ok := dialledIP(other)
			if !ok || slices.ContainsFunc(append(m.Addresses, m.Address), sameFamily(ip)) {
				continue
			}
			d.errorf(d.node("members", i, "address"), fmt.Sprintf("add the host's own %s address under addresses", family(ip)),
				"members[%d].address: %q is no %s address, but members[%d] is reached at %s",
				i, m.Address, family(ip), k, ip)
			break
		}
	}
}

// dialledIP returns a member's address where it is an IP address with nothing wrong about it.
func dialledIP(m Member) (netip.Addr, bool) {
	ip, ok := m.IP()
	if ok {
		problem, _ := ipProblem(ip)
		ok = problem == ""
	}
	return ip, ok
}

func family(ip netip.Addr) string {
	if ip.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

// sameFamily returns a test of whether an address is of ip's family.
func sameFamily(ip netip.Addr) func(string) bool {
	return func(address string) bool {
		other, err := netip.ParseAddr(address)
		return err == nil && other.Is4() == ip.Is4()
	}
}

// normalMember brings a member's addresses into one form.
func normalMember(m *Member) {
	m.Address, m.ClientAddress = normalAddress(m.Address), normalAddress(m.ClientAddress)
	for i, a := range m.Addresses {
		m.Addresses[i] = normalAddress(a)
	}
	for i, name := range m.DNSNames {
		m.DNSNames[i] = strings.ToLower(name)
	}
}

// normalAddress is the shortest form of an IP address, or a DNS name in lower case.
func normalAddress(s string) string {
	if ip, err := netip.ParseAddr(s); err == nil {
		return ip.String()
	}
	return strings.ToLower(s)
}

// seen holds where a value was first given.
type seen map[string]*yaml.Node

// unique reports key at n if it was given before.
func (d *document) unique(all seen, n *yaml.Node, key, format string, args ...any) {
	if key == "" {
		return
	}
	if first := all[key]; first != nil {
		d.errorf(n, "give each its own", format+", first at line %d", append(args, first.Line)...)
		return
	}
	all[key] = n
}

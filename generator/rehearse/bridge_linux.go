package rehearse

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Names of interfaces; each is in a network namespace of its own but for the bridge's ports.
const (
	bridgeName = "rehearsal"
	memberLink = "eth0"
)

// newBridge makes the private network's middle in the stage's network namespace, and gives the verifier its addresses there.
func newBridge(verifier []netip.Addr) (*netlink.Bridge, error) {
	if err := up("lo"); err != nil {
		return nil, err
	}
	noSnooping := false // nothing here answers multicast queries, and IPv6 needs multicast to find neighbours
	bridge := &netlink.Bridge{LinkAttrs: netlink.LinkAttrs{Name: bridgeName}, MulticastSnooping: &noSnooping}
	if err := netlink.LinkAdd(bridge); err != nil {
		return nil, fmt.Errorf("adding a bridge: %w (is the kernel module there? sudo modprobe bridge)", err)
	}
	return bridge, configure(bridgeName, verifier)
}

// attach gives the network namespace of the process pid its eth0, whose other end is a port of the bridge.
func attach(bridge *netlink.Bridge, pid, port int) error {
	attrs := netlink.LinkAttrs{Name: fmt.Sprintf("port%d", port), MasterIndex: bridge.Index}
	veth := &netlink.Veth{LinkAttrs: attrs, PeerName: memberLink, PeerNamespace: netlink.NsPid(pid)}
	if err := netlink.LinkAdd(veth); err != nil {
		return fmt.Errorf("adding a veth pair: %w (is the kernel module there? sudo modprobe veth)", err)
	}
	return up(attrs.Name)
}

// configure gives an interface its addresses, each alone in its network, and sends everything else of the same family out
// there too: so hosts reach each other whatever subnets they are in, and nobody else is there to be reached.
func configure(name string, addresses []netip.Addr) error {
	link, err := netlink.LinkByName(name)
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(link); err != nil {
		return fmt.Errorf("setting %s up: %w", name, err)
	}
	routed := map[bool]bool{}
	for _, a := range addresses {
		if err := addAddress(link, a); err != nil {
			return fmt.Errorf("adding the address %s: %w", a, err)
		}
		if routed[a.Is4()] {
			continue
		}
		routed[a.Is4()] = true
		if err := addDefaultRoute(link, a); err != nil {
			return fmt.Errorf("adding the route of %s: %w", a, err)
		}
	}
	return nil
}

func addAddress(link netlink.Link, a netip.Addr) error {
	// IPv6 would not use the address for a second while it looks for others that have it (duplicate address detection).
	address := &netlink.Addr{IPNet: hostNet(a)}
	if a.Is6() {
		address.Flags = unix.IFA_F_NODAD
	}
	return netlink.AddrAdd(link, address)
}

func addDefaultRoute(link netlink.Link, source netip.Addr) error {
	route := &netlink.Route{LinkIndex: link.Attrs().Index, Src: source.AsSlice(), Scope: netlink.SCOPE_LINK}
	if source.Is4() {
		route.Dst = &net.IPNet{IP: net.IPv4zero.To4(), Mask: net.CIDRMask(0, 32)}
	} else {
		route.Dst = &net.IPNet{IP: net.IPv6zero, Mask: net.CIDRMask(0, 128)}
	}
	return netlink.RouteAdd(route)
}

func hostNet(a netip.Addr) *net.IPNet {
	return &net.IPNet{IP: a.AsSlice(), Mask: net.CIDRMask(a.BitLen(), a.BitLen())}
}

func up(name string) error {
	link, err := netlink.LinkByName(name)
	if err == nil {
		err = netlink.LinkSetUp(link)
	}
	if err != nil {
		err = fmt.Errorf("setting %s up: %w", name, err)
	}
	return err
}

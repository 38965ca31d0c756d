package rehearse

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/verify/expect"
)

// Addresses that the rehearsal chooses itself come from the blocks reserved for documentation (RFC 5737, RFC 3849): no
// real cluster can need them. The verifier's is outside of the members', as it would be; nameOnly are for members that
// have nothing but a DNS name.
const (
	verifierBlock4 = "192.0.2.0/24"
	verifierBlock6 = "2001:db8::/32"
	nameOnlyBlock  = "198.51.100.0/24"
)

// address gives every host its addresses and names: first the addresses of its URLs, which it dials others from, then those that
// its certificates name and no other member has; one of our own where there is none of either. A member's bare name leads to it
// only where it is in its URLs: whether a network resolves it is not known, and etcd would take a peer by it whose certificate
// does not name the address that it dials from.
func address(all []host, c *expect.Cluster) error {
	taken := map[netip.Addr]string{}
	for i, m := range c.Members {
		h := &all[i]
		ips, names, err := urlHosts(m)
		if err != nil {
			return fmt.Errorf("member %s: %w", m.Name, err)
		}
		h.Addresses, h.Names = ips, unique(append(names, h.certificateNames()...))
		if err := take(taken, h.Name, ips); err != nil {
			return err
		}
	}
	for i := range all {
		h := &all[i]
		var more []netip.Addr
		for _, ip := range h.certificateAddresses() {
			if taken[ip] == "" && !sharedAddress(all, h, ip) {
				more = append(more, ip)
			}
		}
		if len(h.Addresses)+len(more) == 0 {
			more = []netip.Addr{free(nameOnlyBlock, taken)}
		}
		if err := take(taken, h.Name, more); err != nil {
			return err
		}
		h.Addresses = append(h.Addresses, more...)
	}
	return nil
}

func take(taken map[netip.Addr]string, member string, ips []netip.Addr) error {
	for _, ip := range ips {
		if other := taken[ip]; other != "" {
			return fmt.Errorf("members %s and %s both have the address %s", other, member, ip)
		}
		taken[ip] = member
	}
	return nil
}

// verifierAddresses returns an address of each family that no host has.
func verifierAddresses(all []host) []netip.Addr {
	taken := map[netip.Addr]string{}
	for _, h := range all {
		for _, ip := range h.Addresses {
			taken[ip] = h.Name
		}
	}
	return []netip.Addr{free(verifierBlock4, taken), free(verifierBlock6, taken)}
}

// free returns the first address of a block, after the network's own, that is not taken.
func free(block string, taken map[netip.Addr]string) netip.Addr {
	ip := netip.MustParsePrefix(block).Addr().Next()
	for taken[ip] != "" {
		ip = ip.Next()
	}
	return ip
}

// urlHosts returns the addresses and the names that a member advertises.
func urlHosts(m expect.Member) ([]netip.Addr, []string, error) {
	var ips []netip.Addr
	var names []string
	for _, s := range slices.Concat(m.PeerURLs, m.ClientURLs) {
		u, err := url.Parse(s)
		if err != nil {
			return nil, nil, err
		}
		ip, err := netip.ParseAddr(u.Hostname())
		switch {
		case err != nil:
			names = append(names, u.Hostname())
		case !ip.IsGlobalUnicast():
			return nil, nil, fmt.Errorf("it advertises %s, which other hosts cannot reach", s)
		default:
			ips = append(ips, ip.Unmap())
		}
	}
	return unique(ips), names, nil
}

func unique[T comparable](list []T) []T {
	var out []T
	for _, item := range list {
		if !slices.Contains(out, item) {
			out = append(out, item)
		}
	}
	return out
}

// certificates returns the member's own certificates that can be parsed; etcd says what is wrong with others.
func (h *host) certificates() []*x509.Certificate {
	var certs []*x509.Certificate
	for _, variable := range []string{"ETCD_CERT_FILE", "ETCD_PEER_CERT_FILE"} {
		for _, f := range h.Files {
			if f.Path != h.Env[variable] {
				continue
			}
			if block, _ := pem.Decode(f.Content); block != nil {
				if cert, err := x509.ParseCertificate(block.Bytes); err == nil {
					certs = append(certs, cert)
				}
			}
		}
	}
	return certs
}

func (h *host) certificateNames() []string {
	var names []string
	for _, cert := range h.certificates() {
		for _, name := range cert.DNSNames {
			if name != "localhost" && name != h.Name && !strings.Contains(name, "*") {
				names = append(names, name)
			}
		}
	}
	return names
}

func (h *host) certificateAddresses() []netip.Addr {
	var ips []netip.Addr
	for _, cert := range h.certificates() {
		for _, raw := range cert.IPAddresses {
			if ip, ok := netip.AddrFromSlice(raw); ok && ip.Unmap().IsGlobalUnicast() {
				ips = append(ips, ip.Unmap())
			}
		}
	}
	return unique(ips)
}

// sharedAddress tells whether another host's certificates name ip too, as they do for a load balancer in front of all.
func sharedAddress(all []host, h *host, ip netip.Addr) bool {
	return slices.ContainsFunc(all, func(other host) bool {
		return other.Name != h.Name && slices.Contains(other.certificateAddresses(), ip)
	})
}

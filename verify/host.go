package verify

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/verify/collect"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// Host says which member's machine this is.
type Host struct {
	// Member is the member's name; empty means the one whose address this machine has.
	Member string
	// Root is the folder that the host's files are below; empty means /. Below another folder units and clock are skipped.
	Root string
}

// host finds the expected member that this machine is; nil where the host is not to be looked at.
func (o Options) host() (*collect.HostConfig, error) {
	if o.Host == nil || !o.runs("host") {
		return nil, nil
	}
	if o.Expect == nil {
		return nil, errors.New("the host check compares with an expectation: give one")
	}
	is := func(m expect.Member) bool { return m.Name == o.Host.Member }
	if o.Host.Member == "" {
		own, err := addresses()
		if err != nil {
			return nil, err
		}
		is = func(m expect.Member) bool {
			return slices.ContainsFunc(hosts(m), func(h string) bool { return slices.Contains(own, h) })
		}
	}
	var found []expect.Member
	for _, m := range o.Expect.Members {
		if is(m) {
			found = append(found, m)
		}
	}
	if len(found) != 1 {
		var names []string
		for _, m := range o.Expect.Members {
			names = append(names, m.Name)
		}
		return nil, fmt.Errorf("which member is this host? %d fit: name one of %s", len(found), strings.Join(names, ", "))
	}
	return &collect.HostConfig{Member: found[0], Root: o.Host.Root}, nil
}

// addresses are this machine's own.
func addresses() ([]string, error) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("this machine's addresses: %w", err)
	}
	var own []string
	for _, a := range list {
		if n, ok := a.(*net.IPNet); ok {
			own = append(own, n.IP.String())
		}
	}
	return own, nil
}

// hosts are the hosts of the member's URLs.
func hosts(m expect.Member) []string {
	var out []string
	for _, s := range slices.Concat(m.ClientURLs, m.PeerURLs) {
		if u, err := url.Parse(s); err == nil {
			out = append(out, u.Hostname())
		}
	}
	return out
}

package pki

import (
	"bytes"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/generator/spec"
)

// The names of the CA pairs, and the client that every cluster has.
const (
	caName       = "ca"
	peerCAName   = "peer-ca"
	verifyClient = "verify"
)

// isCA tells whether a file of pki/ is half of a CA.
func isCA(name string) bool {
	return slices.Contains([]string{certFile(caName), keyFile(caName), certFile(peerCAName), keyFile(peerCAName)}, name)
}

// leaf is one leaf that the spec asks for, and what becomes of it in this run.
type leaf struct {
	name         string // "members/master1/server"
	ca           string // the pair that signs it
	profile      string // of settings
	commonName   string
	organization string // in place of the subject's, if any
	hosts        []string

	pair   *pair  // what is in pki/, then what was issued
	renew  bool   // asked for by name
	action Action // "" leaves it
	reason string
}

// wantedLeaves lists the spec's leaves in the order of the report.
func wantedLeaves(c *spec.Cluster) ([]*leaf, error) {
	var leaves []*leaf
	peerCA := peerCAName
	if c.PKI.SingleCA {
		peerCA = caName
	}
	for _, m := range c.Members {
		if err := checkName("member", m.Name); err != nil {
			return nil, err
		}
		hosts := memberHosts(m)
		leaves = append(leaves,
			&leaf{name: serverName(m.Name), ca: caName, profile: memberProfile, commonName: m.Name, hosts: hosts},
			&leaf{name: peerName(m.Name), ca: peerCA, profile: memberProfile, commonName: m.Name, hosts: hosts})
	}
	for _, cl := range wantedClients(c) {
		if err := checkName("client", cl.Name); err != nil {
			return nil, err
		}
		leaves = append(leaves, &leaf{name: clientName(cl.Name), ca: caName, profile: clientProfile,
			commonName: cl.CommonName, organization: cl.Organization})
	}
	return leaves, nil
}

func serverName(member string) string { return "members/" + member + "/server" }
func peerName(member string) string   { return "members/" + member + "/peer" }
func clientName(client string) string { return "clients/" + client }

// wantedClients are the spec's clients and, last, the one of etcd-verify where the spec does not have it.
func wantedClients(c *spec.Cluster) []spec.Client {
	if slices.ContainsFunc(c.Clients, func(cl spec.Client) bool { return cl.Name == verifyClient }) {
		return c.Clients
	}
	return append(slices.Clone(c.Clients), spec.Client{Name: verifyClient, CommonName: verifyClient})
}

// checkName refuses names that are no file name of their own in pki/. A client "x-key" would share a file with client "x".
func checkName(what, name string) error {
	if name == "" || strings.HasPrefix(name, ".") || name != filepath.Base(name) || !filepath.IsLocal(name) {
		return invalid("%s name %q cannot be a file name in the PKI folder: use letters, digits and dashes", what, name)
	}
	if what == "client" && strings.HasSuffix(name, "-key") {
		return invalid("client name %q ends in -key, which is how files with private keys end: use another name", name)
	}
	return nil
}

// memberHosts are the hosts that a member's certificates cover, each once: IP addresses in their shortest form, and names.
// etcd checks a peer's address against them, and etcdctl on the host dials localhost.
func memberHosts(m spec.Member) []string {
	all := slices.Concat([]string{m.Name, m.Address, m.Dialled()}, m.Addresses, m.DNSNames, []string{"localhost", "127.0.0.1", "::1"})
	var hosts []string
	for _, h := range all {
		if ip, err := netip.ParseAddr(h); err == nil {
			h = ip.Unmap().String()
		}
		if !slices.Contains(hosts, h) {
			hosts = append(hosts, h)
		}
	}
	return hosts
}

// certHosts are the SANs of the certificate that is in pki/, names first.
func (l *leaf) certHosts() []string {
	hosts := slices.Clone(l.pair.cert.DNSNames)
	for _, ip := range l.pair.cert.IPAddresses {
		hosts = append(hosts, ip.String())
	}
	return hosts
}

// decide sets what becomes of the leaf. Nothing but a missing pair, an explicit renewal and changed addresses makes it be
// issued; a leaf is always issued with a new key, since the old key may be why it is renewed.
func (l *leaf) decide() {
	switch {
	case l.pair == nil:
		l.action = Created
	case l.renew:
		l.action, l.reason = Reissued, "renewed as asked"
	default:
		if change := hostChange(l.certHosts(), l.hosts); change != "" {
			l.action, l.reason = Reissued, "addresses changed: "+change
		}
	}
}

// hostChange says how two sets of hosts differ: "10.140.0.2 removed, 10.140.0.9 added".
func hostChange(have, want []string) string {
	without := func(list, other []string) []string {
		return slices.DeleteFunc(slices.Clone(list), func(h string) bool { return slices.Contains(other, h) })
	}
	var change []string
	if removed := without(have, want); len(removed) > 0 {
		change = append(change, strings.Join(removed, " ")+" removed")
	}
	if added := without(want, have); len(added) > 0 {
		change = append(change, strings.Join(added, " ")+" added")
	}
	return strings.Join(change, ", ")
}

// markRenew marks the leaves that names ask for: "all", a leaf ("members/master1/peer") or a member ("members/master1").
func markRenew(leaves []*leaf, names []string) error {
	for _, name := range names {
		found := false
		for _, l := range leaves {
			if name == "all" || name == l.name || strings.HasPrefix(l.name, name+"/") && strings.Contains(name, "/") {
				l.renew, found = true, true
			}
		}
		if isCA(certFile(name)) {
			return invalid("cannot renew %q: a CA is never re-issued, since all that it signed would have to be replaced too", name)
		}
		if !found {
			return invalid("cannot renew %q: not in the spec; say all, or one of: %s", name, renewable(leaves))
		}
	}
	return nil
}

func renewable(leaves []*leaf) string {
	var names []string
	for _, l := range leaves {
		if member, ok := strings.CutSuffix(l.name, "/server"); ok {
			names = append(names, member)
		}
		names = append(names, l.name)
	}
	return strings.Join(names, ", ")
}

// checkIssuers refuses leaves that their CA did not sign: somebody put another CA into pki/. One error a CA.
func checkIssuers(dir string, leaves []*leaf, cas map[string]*pair) (errs []error) {
	for _, name := range []string{caName, peerCAName} {
		var foreign []string
		for _, l := range leaves {
			if l.ca != name || l.pair == nil {
				continue
			}
			if ca := cas[name]; ca == nil || !l.renew && !signedBy(l.pair, ca) {
				foreign = append(foreign, l.name)
			}
		}
		if len(foreign) == 0 {
			continue
		}
		list, path := strings.Join(foreign, ", "), filepath.Join(dir, certFile(name))
		if ca := cas[name]; ca == nil {
			errs = append(errs, invalid("%s and its key are missing, but not what they signed (%s): restore them from a "+
				"backup, or move all of %s away to begin a new cluster", path, list, dir))
		} else {
			errs = append(errs, invalid("%s (%s) did not sign %s: the CA was replaced, or pki.single_ca changed; "+
				"restore the former CA from a backup, or re-issue these leaves with --renew all and replace them on every host",
				path, describe(ca.cert), list))
		}
	}
	return errs
}

func signedBy(p, ca *pair) bool {
	return bytes.Equal(p.cert.RawIssuer, ca.cert.RawSubject) && p.cert.CheckSignatureFrom(ca.cert) == nil
}

package checks

import (
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Identity proves that every port shows the certificate that it should: the right one, from the right CA, in its period of
// validity, for every advertised host and every use that etcd makes of it.
type Identity struct{ Limits }

// About says what the check is.
func (Identity) About() About {
	return About{
		Name:   "identity",
		Proves: "every port shows the certificate that it should: fingerprint, CA, period of validity, names, usages, strength; no CA ends soon",
		Needs:  "fingerprints need --expect; without --cacert the system's CAs count",
	}
}

// Judge has one result per certificate and aspect.
func (k Identity) Judge(c *facts.Cluster) []report.Result {
	var results []report.Result
	wrongCA := wrongCA(c)
	if wrongCA {
		results = append(results, bad(report.Undetermined, whole("given CA"), "the CA of the expectation", describe(c.Us.CA[0]),
			"--cacert is not the CA of this cluster: give the one that expect.json names"))
	}
	results = append(results, lifetimes(c, k.Renew)...)
	for _, e := range c.Endpoints {
		results = append(results, serverLeaf(c, e, k.Renew, wrongCA)...)
		for i := range e.Peers {
			results = append(results, peerLeaf(c, e, k.Renew, &e.Peers[i])...)
		}
	}
	return results
}

// wrongCA tells whether the given CA is not the one that the expectation names, so that nothing can be said of chains.
func wrongCA(c *facts.Cluster) bool {
	return c.Expect != nil && len(c.Us.CA) > 0 && c.Expect.CA.SHA256 != "" &&
		!slices.ContainsFunc(c.Us.CA, func(ca *x509.Certificate) bool { return facts.Fingerprint(ca) == c.Expect.CA.SHA256 })
}

// leaf is one certificate under judgement.
type leaf struct {
	cluster  *facts.Cluster
	endpoint *facts.Endpoint
	subject  string
	served   *facts.Served
	want     *expect.Certificate
}

func serverLeaf(c *facts.Cluster, e *facts.Endpoint, renew time.Duration, wrongCA bool) []report.Result {
	const subject = "server certificate"
	served := e.Client.Served
	switch {
	case served == nil && strings.HasPrefix(e.URL, "http://"):
		return []report.Result{because("closed", on(e, subject), "no TLS")}
	case served == nil:
		return []report.Result{unreached(e, subject)}
	}
	l := leaf{cluster: c, endpoint: e, subject: subject, served: served}
	advertised := hosts(ownClientURLs(e))
	if e.Expected != nil {
		l.want = &e.Expected.Server
	}
	results := l.fingerprint()
	if report.Worst(results) == report.Fail {
		return results // what else is wrong with a certificate that should not be there is no news
	}
	results = append(results, l.serverChain(wrongCA), l.dates(renew), l.names(advertised, report.Fail), l.serverUsages(),
		l.strength())
	if !slices.Contains(advertised, e.Host()) && !e.Astray() {
		results = append(results, l.names([]string{e.Host()}, report.Warn))
	}
	return results
}

func peerLeaf(c *facts.Cluster, e *facts.Endpoint, renew time.Duration, p *facts.Port) []report.Result {
	const subject = "peer certificate"
	switch {
	case p.Served == nil && !e.Answered():
		return []report.Result{unreached(e, subject)}
	case p.Fault != nil:
		return []report.Result{skip(on(e, subject), "the peer port cannot be reached from here: "+p.Fault.Words)}
	case p.Served == nil:
		return []report.Result{because("closed", on(e, subject), p.URL+" shows no certificate")}
	}
	l := leaf{cluster: c, endpoint: e, subject: subject, served: p.Served}
	if e.Expected != nil {
		l.want = &e.Expected.Peer
	}
	results := l.fingerprint()
	if report.Worst(results) == report.Fail {
		return results
	}
	if l.want == nil {
		results = append(results, l.peerChain())
	}
	return append(results, l.dates(renew), l.names(hosts([]string{p.URL}), report.Fail), l.peerUsages(), l.strength())
}

func (l leaf) on(aspect string) report.Result {
	r := on(l.endpoint, l.subject+": "+aspect)
	r.Evidence = describe(l.served.Leaf)
	return r
}

// fingerprint compares with the very certificate that the expectation names, where there is one.
func (l leaf) fingerprint() []report.Result {
	if l.want == nil {
		return nil
	}
	r, sum := l.on("fingerprint"), facts.Fingerprint(l.served.Leaf)
	if l.served.Pinned {
		return []report.Result{pass(r, "SHA-256 "+sum)}
	}
	return []report.Result{bad(report.Fail, r, "SHA-256 "+l.want.SHA256, "SHA-256 "+sum,
		"the host does not serve the certificate that was made for it: was it built from this out/ folder? Is auto-tls on?")}
}

func (l leaf) serverChain(wrongCA bool) report.Result {
	r := l.on("CA")
	switch {
	case l.served.Chain == nil:
		return pass(r, "issued by "+l.served.Leaf.Issuer.String())
	case wrongCA:
		return skip(r, "the given CA is not the expected one")
	case l.served.Pinned && len(l.cluster.Us.CA) == 0:
		return skip(r, "no --cacert; the fingerprint is the right one")
	case l.want == nil && !slices.ContainsFunc(l.cluster.Endpoints, chains):
		return bad(report.Undetermined, r, "issued by the given CA", l.served.Chain.Error(),
			"no member has a certificate from the given CA: is --cacert the CA of this cluster?")
	}
	return bad(report.Fail, r, "issued by the given CA", l.served.Chain.Error(),
		"this member's certificate comes from another CA: issue it anew from the cluster's")
}

func chains(e *facts.Endpoint) bool { return e.Client.Served != nil && e.Client.Served.Chain == nil }

func (l leaf) peerChain() report.Result {
	r := l.on("CA")
	if l.served.Chain == nil {
		return pass(r, "issued by "+l.served.Leaf.Issuer.String())
	}
	return skip(r, "issued by "+l.served.Leaf.Issuer.String()+", which is not the given CA and may be the peers' own")
}

// dates judges the leaf's period of validity.
func (l leaf) dates(renew time.Duration) report.Result {
	return valid(l.on("validity"), l.served.Leaf.NotBefore, l.served.Leaf.NotAfter, l.cluster.At, renew,
		"issue it anew and replace it on the host by rename")
}

// names wants every host in the certificate's SANs; v is the verdict where one is not.
func (l leaf) names(hosts []string, v report.Verdict) report.Result {
	r := l.on("names")
	var missing []string
	for _, h := range hosts {
		if !isUnspecified(h) && l.served.Leaf.VerifyHostname(h) != nil {
			missing = append(missing, h)
		}
	}
	if len(missing) > 0 {
		return bad(v, r, "covers "+strings.Join(missing, ", "), "covers "+strings.Join(sans(l.served.Leaf), ", "),
			"clients and peers that dial this address will refuse the certificate: issue it with this SAN")
	}
	return pass(r, "covers "+strings.Join(hosts, ", "))
}

func (l leaf) serverUsages() report.Result {
	r := l.on("usages")
	switch {
	case !usable(l.served.Leaf, x509.ExtKeyUsageServerAuth):
		return bad(report.Fail, r, "serverAuth and clientAuth", usages(l.served.Leaf),
			"clients will refuse it: issue it with serverAuth")
	case !usable(l.served.Leaf, x509.ExtKeyUsageClientAuth):
		return bad(report.Warn, r, "serverAuth and clientAuth", usages(l.served.Leaf),
			"etcd's JSON gateway dials etcd with this certificate and will be refused: issue it with clientAuth too")
	}
	return pass(r, usages(l.served.Leaf))
}

func (l leaf) peerUsages() report.Result {
	r := l.on("usages")
	if !usable(l.served.Leaf, x509.ExtKeyUsageServerAuth) || !usable(l.served.Leaf, x509.ExtKeyUsageClientAuth) {
		return bad(report.Fail, r, "serverAuth and clientAuth", usages(l.served.Leaf),
			"peers both dial and are dialled with it and will refuse it: issue it with both")
	}
	return pass(r, usages(l.served.Leaf))
}

// strength: RSA keys from 2048 bits on, and no broken hash, as NIST SP 800-131A has it.
func (l leaf) strength() report.Result {
	r, cert := l.on("strength"), l.served.Leaf
	key := cert.PublicKeyAlgorithm.String()
	const hint = "it can be forged: issue it anew with ECDSA P-256, or RSA from 2048 bits on, and SHA-256"
	switch cert.SignatureAlgorithm {
	case x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return bad(report.Warn, r, "signed with SHA-256 or better", cert.SignatureAlgorithm.String(), hint)
	}
	if public, ok := cert.PublicKey.(*rsa.PublicKey); ok {
		key = fmt.Sprintf("RSA with %d bits", public.N.BitLen())
		if public.N.BitLen() < 2048 {
			return bad(report.Warn, r, "at least 2048 bits", key, hint)
		}
	}
	return pass(r, key+", "+cert.SignatureAlgorithm.String())
}

// usable: a certificate without extended key usages is good for anything.
func usable(c *x509.Certificate, u x509.ExtKeyUsage) bool {
	return len(c.ExtKeyUsage)+len(c.UnknownExtKeyUsage) == 0 || slices.Contains(c.ExtKeyUsage, u) ||
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageAny)
}

func usages(c *x509.Certificate) string {
	var names []string
	for _, u := range c.ExtKeyUsage {
		switch u {
		case x509.ExtKeyUsageServerAuth:
			names = append(names, "serverAuth")
		case x509.ExtKeyUsageClientAuth:
			names = append(names, "clientAuth")
		case x509.ExtKeyUsageAny:
			names = append(names, "any")
		default:
			names = append(names, "another usage")
		}
	}
	if len(names) == 0 {
		return "no restriction"
	}
	return strings.Join(names, " and ")
}

func describe(c *x509.Certificate) string {
	return fmt.Sprintf("subject %q, issuer %q, %s to %s", c.Subject, c.Issuer, day(c.NotBefore), day(c.NotAfter))
}

func sans(c *x509.Certificate) []string {
	names := slices.Clone(c.DNSNames)
	for _, ip := range c.IPAddresses {
		names = append(names, ip.String())
	}
	if len(names) == 0 {
		return []string{"no host at all"}
	}
	return names
}

// ownClientURLs are the URLs that clients are told to use: by the expectation, else by the cluster, else the endpoint.
func ownClientURLs(e *facts.Endpoint) []string {
	if e.Expected != nil {
		return e.Expected.ClientURLs
	}
	if row, ok := e.Row(); ok && len(row.ClientURLs) > 0 {
		return row.ClientURLs
	}
	return []string{e.URL}
}

func hosts(urls []string) []string {
	var out []string
	for _, s := range urls {
		if u, err := url.Parse(s); err == nil && !slices.Contains(out, u.Hostname()) {
			out = append(out, u.Hostname())
		}
	}
	return out
}

func isUnspecified(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsUnspecified()
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

package checks

import (
	"fmt"
	"strings"

	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Closed proves that nobody gets in without a certificate from the right CA, on the client port and on the peer port.
type Closed struct{}

// About says what the check is.
func (Closed) About() About {
	return About{
		Name:   "closed",
		Proves: "no certificate, one from another CA, plaintext, and on the peer port a client's, are all refused",
		Needs:  "a way to the client and peer ports; makes connections that are refused",
	}
}

// Judge has one result per port and way to get in.
func (Closed) Judge(c *facts.Cluster) []report.Result {
	var results []report.Result
	for _, e := range c.Endpoints {
		results = append(results, ajar(c, e, "client port", &e.Client)...)
		for i := range e.Peers {
			results = append(results, ajar(c, e, "peer port", &e.Peers[i])...)
		}
		if r, ok := advertisesPlaintext(e); ok {
			results = append(results, r)
		} else if r, ok := listensPlaintext(e); ok {
			results = append(results, r)
		}
		if r, ok := tellsInClear(c, e); ok {
			results = append(results, r)
		}
	}
	return results
}

// ajar judges the probes of one port.
func ajar(c *facts.Cluster, e *facts.Endpoint, port string, p *facts.Port) []report.Result {
	switch {
	case p.Fault != nil && e.Answered():
		return []report.Result{skip(on(e, port), "it cannot be reached from here: "+p.Fault.Words)}
	case len(p.Probes) == 0:
		return []report.Result{unreached(e, port)}
	}
	open := wideOpen(p)
	var results []report.Result
	for _, probe := range p.Probes {
		r := on(e, port+" with "+string(probe.Kind))
		r.Evidence = probe.Evidence
		switch {
		case open != "" && probe.Kind != open:
			results = append(results, skip(r, fmt.Sprintf("it is open to %s already", open)))
		case probe.Outcome == facts.Rejected:
			results = append(results, pass(r, "refused"))
		case probe.Outcome == facts.NoAnswer:
			results = append(results, silent(e, r))
		case probe.Kind == facts.ClientCert:
			results = append(results, clientOnPeer(c, r))
		default:
			results = append(results, bad(report.Fail, r, "refused", "accepted", openHint(probe.Kind, port)))
		}
	}
	return results
}

// wideOpen is the probe that makes the others pointless, or "".
func wideOpen(p *facts.Port) facts.ProbeKind {
	for _, kind := range []facts.ProbeKind{facts.Clear, facts.Anonymous} {
		for _, probe := range p.Probes {
			if probe.Kind == kind && probe.Outcome == facts.Accepted {
				return kind
			}
		}
	}
	return ""
}

// silent: no answer is not a refusal, but from a member that answers nobody it is no news either.
func silent(e *facts.Endpoint, r report.Result) report.Result {
	if !e.Answered() {
		return because("reach", r, "no answer")
	}
	r = bad(report.Undetermined, r, "refused", "no answer",
		"the port neither refused nor accepted in time: try a longer --timeout")
	r.Heals = true
	return r
}

func clientOnPeer(c *facts.Cluster, r report.Result) report.Result {
	const hint = "anyone with a client certificate can speak to the peer port: " +
		"use a CA of its own for peers (peer-trusted-ca-file)"
	switch {
	case c.Expect == nil:
		return bad(report.Warn, r, "refused", "accepted", hint)
	case c.Expect.CA.SHA256 == c.Expect.PeerCA.SHA256:
		return skip(r, "accepted, as one CA is for clients and peers by the expectation")
	}
	return bad(report.Fail, r, "refused", "accepted", hint)
}

func openHint(k facts.ProbeKind, port string) string {
	prefix := ""
	if port == "peer port" {
		prefix = "peer-"
	}
	if k == facts.Clear {
		return fmt.Sprintf("it serves without TLS: set %scert-file and %skey-file and https:// in its listen URLs", prefix, prefix)
	}
	return fmt.Sprintf("set %sclient-cert-auth and %strusted-ca-file", prefix, prefix)
}

// advertisesPlaintext finds http:// URLs that the member advertises beside the endpoint that was looked at. With an
// expectation the URLs are compared by membership.
func advertisesPlaintext(e *facts.Endpoint) (report.Result, bool) {
	row, ok := e.Row()
	if !ok || e.Expected != nil || strings.HasPrefix(e.URL, "http://") {
		return report.Result{}, false
	}
	var plain []string
	for _, u := range append(append([]string{}, row.ClientURLs...), row.PeerURLs...) {
		if strings.HasPrefix(u, "http://") {
			plain = append(plain, u)
		}
	}
	if len(plain) == 0 || anyOpen(e.Peers) {
		return report.Result{}, false
	}
	return bad(report.Fail, on(e, "advertised URLs"), "https:// alone", strings.Join(plain, ", "),
		"a listener without TLS is advertised: remove it"), true
}

// listensPlaintext finds listeners without TLS that the member's command line shows, on ports that nobody is told of.
func listensPlaintext(e *facts.Endpoint) (report.Result, bool) {
	if len(e.CommandLine) == 0 || wideOpen(&e.Client) != "" || anyOpen(e.Peers) {
		return report.Result{}, false
	}
	given := parseFlags(e.CommandLine[1:])
	var plain []string
	for _, flag := range []string{"listen-client-urls", "listen-peer-urls"} {
		for u := range strings.SplitSeq(given[flag], ",") {
			if strings.HasPrefix(u, "http://") {
				plain = append(plain, u)
			}
		}
	}
	if len(plain) == 0 {
		return report.Result{}, false
	}
	return bad(report.Fail, on(e, "listen URLs"), "https:// alone", strings.Join(plain, ", "),
		"anyone on its network can read and write there, without a certificate: remove the listener"), true
}

// tellsInClear finds a listener that serves metrics without TLS to other machines and that nobody expects: it gives no key away,
// but names, versions and addresses.
func tellsInClear(c *facts.Cluster, e *facts.Endpoint) (report.Result, bool) {
	if len(e.CommandLine) == 0 || c.Expect != nil && c.Expect.Settings["ETCD_LISTEN_METRICS_URLS"] != "" {
		return report.Result{}, false
	}
	for u := range strings.SplitSeq(parseFlags(e.CommandLine[1:])["listen-metrics-urls"], ",") {
		if strings.HasPrefix(u, "http://") && !isLoopback(hosts([]string{u})[0]) {
			return bad(report.Warn, on(e, "metrics URLs"), "https://, or this machine alone", u,
				"anyone on its network can read its metrics there: listen on 127.0.0.1, or with https://"), true
		}
	}
	return report.Result{}, false
}

func anyOpen(ports []facts.Port) bool {
	for i := range ports {
		if wideOpen(&ports[i]) != "" {
			return true
		}
	}
	return false
}

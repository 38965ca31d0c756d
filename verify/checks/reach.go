package checks

import (
	"fmt"
	"time"

	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Reach proves that every member answers: TCP, then TLS, then RPC.
type Reach struct{}

// About says what the check is.
func (Reach) About() About {
	return About{
		Name:   "reach",
		Proves: "every member answers: TCP, then TLS, then a call",
		Needs:  "a client certificate that the cluster trusts",
	}
}

// Judge has one result per endpoint, and a skip per expected member that no endpoint leads to.
func (Reach) Judge(c *facts.Cluster) []report.Result {
	var results []report.Result
	seen := map[string]bool{}
	for _, e := range c.Endpoints {
		seen[e.Name()] = true
		results = append(results, reach(c, e))
	}
	if c.Expect != nil {
		for _, m := range c.Expect.Members {
			if !seen[m.Name] {
				results = append(results, skip(report.Result{Member: m.Name, Subject: "endpoint"},
					"none of the given endpoints is this member"))
			}
		}
	}
	return results
}

func reach(c *facts.Cluster, e *facts.Endpoint) report.Result {
	r := on(e, "endpoint")
	f := e.Fault
	if f == nil {
		return pass(r, "answers in "+e.Status.RoundTrip.Round(10*time.Microsecond).String())
	}
	r.Evidence = f.Evidence
	seen := fmt.Sprintf("%s: %s", f.Stage, f.Words)
	switch f.Kind {
	case facts.Untrusted:
		return because("identity", r, "answers with TLS, but is not who it should be")
	case facts.CertRefused:
		return certRefused(c, r, seen)
	case facts.Denied:
		return bad(report.Undetermined, r, "", seen, deniedHint())
	}
	r = bad(report.Fail, r, "an answer", seen, reachHint(f.Kind))
	r.Heals = f.Heals()
	return r
}

// certRefused tells whose fault a refused client certificate is: ours, unless another member takes the same certificate or
// the expectation promises that this one does.
func certRefused(c *facts.Cluster, r report.Result, seen string) report.Result {
	cert := c.Us.Cert
	switch {
	case cert == nil:
		return bad(report.Undetermined, r, "", seen, "no client certificate was given: use --cert and --key")
	case c.At.After(cert.NotAfter) || c.At.Before(cert.NotBefore):
		return bad(report.Undetermined, r, "", seen,
			fmt.Sprintf("our own client certificate is valid from %s to %s: use one that is valid now",
				day(cert.NotBefore), day(cert.NotAfter)))
	case caExpired(c):
		return because("identity", r, seen+": the CA has expired")
	case promised(c):
		return bad(report.Fail, r, "our client certificate, which the expectation names, is accepted", seen,
			"compare the member's trusted-ca-file with the CA that signed the client certificate")
	case takenElsewhere(c):
		return bad(report.Fail, r, "the client certificate that other members accept", seen,
			"compare the member's trusted-ca-file with that of the others")
	}
	return bad(report.Undetermined, r, "", seen,
		"no member accepts the given client certificate: is --cert from the CA that the cluster trusts?")
}

func promised(c *facts.Cluster) bool {
	if c.Expect == nil {
		return false
	}
	sum := facts.Fingerprint(c.Us.Cert)
	for _, client := range c.Expect.Clients {
		if client.Certificate.SHA256 == sum {
			return true
		}
	}
	return false
}

func takenElsewhere(c *facts.Cluster) bool {
	for _, e := range c.Answering() {
		if e.Client.Served != nil {
			return true
		}
	}
	return false
}

func reachHint(k facts.Kind) string {
	switch k {
	case facts.NoDNS:
		return "check the name, and the resolver of the machine that this runs on"
	case facts.Refused:
		return "on the host: systemctl status etcd; journalctl -u etcd; has first boot finished?"
	case facts.Unroutable, facts.Silent:
		return "check that the host runs, its address, and that the firewall lets this machine in"
	case facts.Mute:
		return "etcd hangs, or has not joined a quorum yet (a different token, unreachable peers, wrong peer certificates, a " +
			"clock outside of their validity): on the host: journalctl -u etcd"
	case facts.Plaintext:
		return "it serves without TLS: check cert-file and key-file, and that the client URLs begin with https"
	case facts.NeedsTLS:
		return "give the endpoint with https://"
	case facts.NoQuorum:
		return "see consensus"
	default:
		return "on the host: journalctl -u etcd"
	}
}

func deniedHint() string {
	return "authentication is on: give --user, or a client certificate whose common name is a user with rights " +
		"(see docs/verify.md)"
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

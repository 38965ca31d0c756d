package checks

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// lifetimes judges the certificates that no port shows: the CAs, and those of the clients. Without an expectation those are the
// given ones.
func lifetimes(c *facts.Cluster, renew time.Duration) []report.Result {
	const anew = "make a new one (docs/pki.md), and replace it everywhere before it ends: nothing that it has signed is accepted afterwards"
	var results []report.Result
	judge := func(subject string, begin, end time.Time, hint string) {
		if !end.IsZero() {
			results = append(results, valid(whole(subject+": validity"), begin, end, c.At, renew, hint))
		}
	}
	if c.Expect == nil {
		for _, ca := range c.Us.CA {
			judge("CA", ca.NotBefore, ca.NotAfter, anew)
		}
		return results
	}
	judge("CA", c.Expect.CA.NotBefore, c.Expect.CA.NotAfter, anew)
	if c.Expect.PeerCA.SHA256 != c.Expect.CA.SHA256 {
		judge("peer CA", c.Expect.PeerCA.NotBefore, c.Expect.PeerCA.NotAfter, anew)
	}
	for _, client := range c.Expect.Clients {
		judge("certificate of client "+client.Name, client.Certificate.NotBefore, client.Certificate.NotAfter,
			"issue it anew and give it to the client")
	}
	return results
}

// valid warns from renew before the end on, or at a third of a shorter life. A hint says what to do in time.
func valid(r report.Result, begin, end, now time.Time, renew time.Duration, hint string) report.Result {
	period := fmt.Sprintf("valid from %s to %s", day(begin), day(end))
	left := end.Sub(now)
	switch {
	case left < 0:
		return bad(report.Fail, r, "valid now, "+day(now), period, "it has expired: "+hint)
	case now.Before(begin):
		r = bad(report.Fail, r, "valid now, "+day(now), period,
			"it is not valid yet: compare the clock here with that of the machine which issued it")
		r.Heals = true
		return r
	case left < min(renew, end.Sub(begin)/3):
		return bad(report.Warn, r, fmt.Sprintf("more than %d days left", int(renew.Hours()/24)), period, "renew it soon: "+hint)
	}
	return pass(r, fmt.Sprintf("%s, %d days left", period, int(left.Hours()/24)))
}

// caExpired tells whether the CA of servers and clients has ended: members refuse every client then.
func caExpired(c *facts.Cluster) bool {
	if c.Expect != nil {
		end := c.Expect.CA.NotAfter
		return !end.IsZero() && c.At.After(end)
	}
	return slices.ContainsFunc(c.Us.CA, func(ca *x509.Certificate) bool { return c.At.After(ca.NotAfter) })
}

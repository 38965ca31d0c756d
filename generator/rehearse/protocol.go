package rehearse

import (
	"net/netip"
	"time"

	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// order is what the stage is told, as one JSON document on its standard input. It holds keys, so it goes through a pipe and
// never through a file or the environment. The stage ends when the pipe is closed.
type order struct {
	Hosts       []host
	Verifier    []netip.Addr // one address of each family, for who verifies
	Expect      *expect.Cluster
	Credentials verify.Credentials
	// Version of the etcd in etcdFD; empty: ask it.
	Version string
	Timeout time.Duration
}

// Files that the stage inherits besides its standard streams, and a member from the stage.
const (
	etcdFD   = 3 // stage: the etcd executable, open for reading
	hostFD   = 3 // member: its memberOrder
	statusFD = 4 // member: where it says why it could not become etcd; closed by exec
)

// event is what the stage tells, one JSON document after another on its standard output.
type event struct {
	Progress string   `json:",omitempty"`
	Outcome  *Outcome `json:",omitempty"` // the last event
	Error    *failed  `json:",omitempty"` // the last event, instead of an outcome
}

// failed is an error that crosses a process boundary. Of what it wraps only this is kept:
type failed struct {
	Message string
	Refused bool `json:",omitempty"` // the kernel did not allow what a rehearsal needs
	Etcd    bool `json:",omitempty"` // it is ErrEtcd
}

// memberOrder is what a member's process is told.
type memberOrder struct {
	Host host
	// Root is the folder that becomes the member's root, Etcd the executable to put into it.
	Root, Etcd string
	HostsFile  []byte
}

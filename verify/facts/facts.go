// Package facts is what was seen of a cluster at one moment, as plain data: package collect fills it in, package checks
// judges it. Nothing here talks to the network.
package facts

import (
	"crypto/x509"
	"fmt"
	"time"

	"github.com/etcdbake/etcdbake/verify/expect"
)

// Cluster is one round of facts.
type Cluster struct {
	At time.Time
	// Expect is the expectation, or nil.
	Expect    *expect.Cluster
	Us        Us
	Endpoints []*Endpoint
	Canary    Canary
	Data      Data
	// Host is what was seen on the machine that this runs on, or nil where nobody asked.
	Host *Host
}

// Us is what is known of the verifier's own credentials.
type Us struct {
	// CA are the certificates of the given CA file; empty means the system's authorities.
	CA []*x509.Certificate
	// Cert is the client certificate that is shown to servers, or nil.
	Cert *x509.Certificate
}

// Endpoint is one client endpoint and the member behind it.
type Endpoint struct {
	// URL is https://host:port or http://host:port.
	URL string
	// Expected is the member that the expectation has at this endpoint, or nil.
	Expected *expect.Member
	// ByOthers is what the cluster calls the member at this URL; empty where it does not know the URL, or the member that answers
	// advertises it too.
	ByOthers string
	// Client is the client port, Peers the member's peer ports, one per advertised peer URL.
	Client Port
	Peers  []Port
	// Fault says why the member did not answer; nil where it did, and only then Status is set.
	Fault  *Fault
	Status *Status
	// Linear is the member list by consensus, Local by this member's own knowledge.
	Linear, Local MemberList
	Alarms        Alarms
	Metrics       Metrics
	// Auth is nil where it was not asked, or not told.
	Auth *Auth
	// CommandLine is how etcd was started; nil where it does not tell.
	CommandLine []string
}

// Port is one TCP port of a member as strangers and friends find it.
type Port struct {
	URL string
	// Served is the certificate that the port shows; nil where it showed none.
	Served *Served
	// Fault says why the port could not be looked at at all; Served and Probes are empty then.
	Fault  *Fault
	Probes []Probe
}

// Served is a certificate chain as a server presents it, and what came of checking it.
type Served struct {
	Leaf *x509.Certificate
	// Chain is nil where the leaf chains to the given CA; the period of validity, names and usages are not part of it.
	Chain error
	// Pinned: the expectation names this very leaf for this port.
	Pinned bool
}

// Trusted tells whether the server is who it should be, by fingerprint or by CA.
func (s *Served) Trusted() bool { return s.Pinned || s.Chain == nil }

// Status is what a member says of itself.
type Status struct {
	ClusterID, MemberID uint64
	Version             string
	DBSize, DBInUse     int64
	// Quota is zero where the version does not tell it (before 3.6).
	Quota          int64
	Leader         uint64
	Learner        bool
	Term           uint64
	Revision       int64 // of the keys
	Index, Applied uint64
	Errors         []string
	RoundTrip      time.Duration
}

// MemberList is one answer to "who are the members?".
type MemberList struct {
	Rows  []Row
	Fault *Fault
}

// Row is one member in a member list.
type Row struct {
	ID                   uint64
	Name                 string // empty until the member has started once
	PeerURLs, ClientURLs []string
	Learner              bool
}

// Auth is the member's own state of authentication; users and roles have a revision of their own.
type Auth struct {
	Enabled  bool
	Revision uint64
}

func (a Auth) String() string {
	state := "off"
	if a.Enabled {
		state = "on"
	}
	return fmt.Sprintf("authentication is %s, revision %d", state, a.Revision)
}

// Alarms are a member's view of all alarms of the cluster.
type Alarms struct {
	Raised []Alarm
	Fault  *Fault
}

// Alarm is one raised alarm: Kind is "NOSPACE" or "CORRUPT".
type Alarm struct {
	MemberID uint64
	Kind     string
}

// Metrics are the few figures of /metrics that checks use.
type Metrics struct {
	// Fsync, Commit and PeerRTT are latencies of the write-ahead log, of the database and between peers.
	Fsync, Commit, PeerRTT Latency
	// Quota is etcd_server_quota_backend_bytes, or zero.
	Quota int64
	// Skew is the member's clock minus ours, to the second; valid where HasClock.
	Skew     time.Duration
	HasClock bool
	// LeaderChanges is how many the member has seen in its Uptime; valid where Uptime is not zero.
	LeaderChanges uint64
	Uptime        time.Duration
	// Connected are the IDs of the peers that it has working connections to; nil where they are not told.
	Connected map[uint64]bool
	// Features are the feature gates and whether they are on; nil where they are not told (before 3.6).
	Features map[string]bool
	Fault    *Fault
}

// Latency is a histogram's summary: P99 is the upper bound of the bucket that holds the 99th percentile.
type Latency struct {
	Samples uint64
	P99     time.Duration
	// To is the peer's ID, of a latency between peers.
	To uint64
}

package facts

import "time"

// Probe is one attempt to get in that must fail.
type Probe struct {
	Kind    ProbeKind
	Outcome Outcome
	// Evidence is the alert, error or answer.
	Evidence string
}

// ProbeKind is how a probe tries to get in.
type ProbeKind string

// The probes of a port.
const (
	Anonymous  ProbeKind = "no certificate"
	Foreign    ProbeKind = "a certificate from another CA"
	Clear      ProbeKind = "plaintext"
	ClientCert ProbeKind = "a client certificate"
)

// Outcome is what came of a probe.
type Outcome string

// The outcomes. Silence is not a refusal.
const (
	Rejected Outcome = "refused"
	Accepted Outcome = "accepted"
	NoAnswer Outcome = "no answer"
)

// Canary is what came of writing a key through each member and reading it back on every other.
type Canary struct {
	// Skipped says why nothing was written; empty where something was.
	Skipped string
	// See names the check that says more of it; empty where none does.
	See    string
	Grant  *Fault // the lease, without which nothing is written
	Writes []CanaryWrite
	Reads  []CanaryRead
	// Cleanup is why keys may still be there; they go when the lease ends, after TTL.
	Cleanup *Fault
	Prefix  string
	TTL     time.Duration
}

// CanaryWrite is the write through one endpoint.
type CanaryWrite struct {
	Endpoint *Endpoint
	Fault    *Fault
}

// CanaryRead is one read of all canary keys on one endpoint.
type CanaryRead struct {
	Endpoint     *Endpoint
	Linearizable bool
	Fault        *Fault
	// Missing are the endpoints whose key was not there or not right.
	Missing []*Endpoint
	// Revision is the store's revision at the read.
	Revision int64
}

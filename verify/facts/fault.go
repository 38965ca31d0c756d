package facts

// Fault is why something did not answer as it should, in words.
type Fault struct {
	Stage Stage
	Kind  Kind
	// Words say what happened; Evidence is the raw error.
	Words    string
	Evidence string
}

func (f *Fault) Error() string { return f.Words }

// Stage is how far it came.
type Stage string

// The stages of reaching a member, in order.
const (
	TCP Stage = "TCP"
	TLS Stage = "TLS"
	RPC Stage = "RPC"
)

// Kind tells faults apart.
type Kind int

// Kinds of faults. CertRefused, Denied and Untrusted may be the verifier's own fault; the others are the member's, or the
// network's.
const (
	Other       Kind = iota
	NoDNS            // the host name does not resolve
	Refused          // nothing listens there
	Unroutable       // no route to the host
	Silent           // the host does not answer at all
	Mute             // the port is open and the process behind it says nothing
	Plaintext        // we speak TLS and it does not
	NeedsTLS         // it speaks TLS and we do not
	Untrusted        // its certificate is not from our CA
	CertRefused      // it refuses our certificate, or that we have none
	Denied           // authentication is on and our rights do not suffice
	NoQuorum         // the member has no leader, or the cluster no quorum
	IsLearner        // learners do not answer this
	Full             // the database has reached its quota
	Moved            // the revision asked for was compacted, or is not there yet
)

// Heals tells whether waiting may help, as for a host that has not booted yet.
func (f *Fault) Heals() bool {
	switch f.Kind {
	case NoDNS, Refused, Unroutable, Silent, Mute, NoQuorum, Moved, Other:
		return true
	default:
		return false
	}
}

// MaybeOurs tells whether the verifier's own credentials may be to blame.
func (f *Fault) MaybeOurs() bool {
	return f.Kind == Untrusted || f.Kind == CertRefused || f.Kind == Denied
}

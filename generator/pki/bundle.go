// Package pki loads or creates the certificate authorities of a cluster and issues and keeps each member's and client's
// identity in a folder, pki/. It is the only user of cfssl, and the only package that ever holds a CA key: a Bundle, what
// the rest of the program gets, has none.
//
// The folder holds, as PEM, the pairs NAME.pem and NAME-key.pem for the names ca, peer-ca (unless one CA does both),
// members/MEMBER/server, members/MEMBER/peer and clients/CLIENT. It is state: what is complete is never replaced, except
// for the leaves of a member whose addresses changed and for leaves that Options.Renew names. A run either happens whole or
// not at all, also under kill -9; journal.go says how.
package pki

import (
	"crypto/sha256"
	"crypto/x509"
	"time"
)

// Bundle is everything that hosts and verifiers need, read back from pki/. It holds no CA key.
type Bundle struct {
	CA     Authority // for servers and clients
	PeerCA Authority // for peers; the same as CA with spec.PKI.SingleCA
	// Members and Clients are by name. Clients always has "verify".
	Members map[string]Member
	Clients map[string]Leaf
	// Notes are what the operator should know of what was left as it is: a leaf that expires soon or was issued by other
	// settings than the spec has now, an interrupted run that was completed. One line each, in a fixed order.
	Notes []string
}

// Authority is a CA's public half.
type Authority struct {
	CertPEM []byte
	Facts
}

// Member is one member's two identities.
type Member struct {
	Server Leaf
	Peer   Leaf
}

// Leaf is a certificate and its private key in PEM. CertPEM is the leaf alone.
type Leaf struct {
	CertPEM []byte
	KeyPEM  []byte
	Facts
}

// Facts are what others want to know of a certificate, without parsing it: to parse a new one takes a tenth of the time that it
// takes to make it. The times are UTC, in whole seconds.
type Facts struct {
	SHA256              [sha256.Size]byte // of its DER
	NotBefore, NotAfter time.Time
}

func factsOf(cert *x509.Certificate) Facts {
	return Facts{sha256.Sum256(cert.Raw), cert.NotBefore.UTC().Truncate(time.Second), cert.NotAfter.UTC().Truncate(time.Second)}
}

// Change says what Ensure did to one CA or leaf: {"members/master1/server",
// Reissued, "addresses changed: …"}. The list is in a fixed order: CAs, members, clients.
type Change struct {
	Name   string
	Action Action
	Reason string
}

// Action is what happened to a certificate.
type Action string

// The actions that Ensure reports; what it leaves alone is not reported.
const (
	Created  Action = "created"
	Imported Action = "imported"
	Reissued Action = "reissued"
)

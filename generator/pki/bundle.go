// Package pki loads or creates the certificate authorities of a cluster and issues and keeps each member's and client's
// identity in a folder, pki/. It is the only user of cfssl, and the only package that ever holds a CA key: a Bundle, what
// the rest of the program gets, has none.
package pki

import "crypto/x509"

// Bundle is everything that hosts and verifiers need, read back from pki/. It holds no CA key.
type Bundle struct {
	CA     Authority // for servers and clients
	PeerCA Authority // for peers; the same as CA with spec.PKI.SingleCA
	// Members and Clients are by name. Clients always has "verify".
	Members map[string]Member
	Clients map[string]Leaf
}

// Authority is a CA's public half.
type Authority struct {
	CertPEM []byte
	Cert    *x509.Certificate
}

// Member is one member's two identities.
type Member struct {
	Server Leaf
	Peer   Leaf
}

// Leaf is a certificate and its private key in PEM, and the certificate parsed. CertPEM is the leaf alone.
type Leaf struct {
	CertPEM []byte
	KeyPEM  []byte
	Cert    *x509.Certificate
}

// Change says what Ensure did to one CA or leaf, for the operator: {"members/master1/server", Reissued, "addresses changed: …"}.
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

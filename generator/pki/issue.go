package pki

import (
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/cloudflare/cfssl/config"
	"github.com/cloudflare/cfssl/csr"
)

// issueCA makes a self-signed CA that may sign leaves only (path length 0).
func (s *settings) issueCA(commonName string, now time.Time) (*pair, error) {
	p, err := s.newKey()
	if err != nil {
		return nil, err
	}
	policy := &config.Signing{Default: &config.SigningProfile{
		Usage:        []string{"cert sign", "crl sign"},
		Expiry:       s.caLifetime,
		CAConstraint: config.CAConstraint{IsCA: true, MaxPathLenZero: true},
	}}
	// cfssl's own initca takes the time of day for itself; this is what it does, at a given time.
	ca, err := newCertifier(p.key, nil, policy)
	if err != nil {
		return nil, fmt.Errorf("cannot sign with the key of %q: %w", commonName, err)
	}
	err = ca.sign(p, request{
		subject:   csr.CertificateRequest{CN: commonName, Names: s.names},
		notBefore: now.Add(-s.backdate),
		notAfter:  now.Add(s.caLifetime),
	})
	if err != nil {
		return nil, err
	}
	p.cert, err = parseCert("the new CA", p.certPEM)
	return p, err
}

// issuer signs leaves with one CA; it may be used by several goroutines.
type issuer struct {
	settings  *settings
	ca        *pair
	certifier *certifier
}

func (s *settings) newIssuer(ca *pair) (*issuer, error) {
	policy := &config.Signing{Default: s.profiles[memberProfile], Profiles: s.profiles}
	certifier, err := newCertifier(ca.key, ca.cert, policy)
	if err != nil {
		return nil, fmt.Errorf("cannot sign with %q: %w", ca.cert.Subject.CommonName, err)
	}
	return &issuer{s, ca, certifier}, nil
}

// issue makes a leaf with a new key.
func (i *issuer) issue(l *leaf, now time.Time) (*pair, error) {
	p, err := i.settings.newKey()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	notBefore, notAfter := i.validity(now)
	if !notAfter.After(now) {
		return nil, invalid("%s would have expired on %s: correct the lifetime or not_after that it is issued by",
			l.name, date(notAfter))
	}
	err = i.certifier.sign(p, request{
		subject:   csr.CertificateRequest{CN: l.commonName, Names: i.settings.subject(l), Hosts: l.hosts},
		profile:   l.profile,
		notBefore: notBefore,
		notAfter:  notAfter,
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", l.name, err)
	}
	if err := i.checkConstraints(p, now); err != nil {
		return nil, invalid("%s: CA %s cannot issue it: %w", l.name, describe(i.ca.cert), err)
	}
	return p, nil
}

// validity is that of leaves issued now. It begins before now for hosts whose clocks are behind, and it is never longer
// than the CA's, since no verifier would accept the rest.
func (i *issuer) validity(now time.Time) (notBefore, notAfter time.Time) {
	notBefore, notAfter = now.Add(-i.settings.backdate), now.Add(i.settings.leafLifetime)
	if fixed := i.settings.notBefore; !fixed.IsZero() {
		notBefore = fixed
	}
	if fixed := i.settings.notAfter; !fixed.IsZero() {
		notAfter = fixed
	}
	if notBefore.Before(i.ca.cert.NotBefore) {
		notBefore = i.ca.cert.NotBefore
	}
	if notAfter.After(i.ca.cert.NotAfter) {
		notAfter = i.ca.cert.NotAfter
	}
	return notBefore, notAfter
}

// checkConstraints verifies the chain where the CA constrains what it may sign; CAs made here do not, and it costs time.
func (i *issuer) checkConstraints(p *pair, now time.Time) error {
	ca := i.ca.cert
	names := slices.Concat(ca.PermittedDNSDomains, ca.ExcludedDNSDomains)
	if len(ca.ExtKeyUsage)+len(names)+len(ca.PermittedIPRanges)+len(ca.ExcludedIPRanges) == 0 {
		return nil
	}
	cert, err := parseCert("the new certificate", p.certPEM)
	if err != nil {
		return err
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	for _, usage := range cert.ExtKeyUsage {
		options := x509.VerifyOptions{Roots: roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}}
		if _, err := cert.Verify(options); err != nil {
			return err
		}
	}
	return nil
}

// subject is the leaf's distinguished name without its CN.
func (s *settings) subject(l *leaf) []csr.Name {
	if l.organization == "" {
		return s.names
	}
	if len(s.names) == 0 {
		return []csr.Name{{O: l.organization}}
	}
	names := slices.Clone(s.names)
	for n := range names {
		names[n].O = ""
	}
	names[0].O = l.organization
	return names
}

package pki

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/cloudflare/cfssl/csr"
)

// warnBefore is how long before its end a certificate is reported, unless it lives so short that this is most of its life.
const warnBefore = 30 * 24 * time.Hour

// expiryNote says that a certificate has expired or soon will; "" when there is time.
func expiryNote(name string, cert *x509.Certificate, now time.Time, remedy string) string {
	left := cert.NotAfter.Sub(now)
	switch {
	case now.Before(cert.NotBefore):
		return fmt.Sprintf("%s is not valid before %s, and it is %s now: check this machine's clock",
			name, date(cert.NotBefore), date(now))
	case left < 0:
		return fmt.Sprintf("%s expired on %s: %s", name, date(cert.NotAfter), remedy)
	case left < min(warnBefore, cert.NotAfter.Sub(cert.NotBefore)/3):
		return fmt.Sprintf("%s expires on %s, in %s: %s", name, date(cert.NotAfter), days(left), remedy)
	}
	return ""
}

// differenceNote says in what a leaf that is left alone differs from what would be issued now; "" when in nothing.
func (s *settings) differenceNote(l *leaf, issuer *issuer) string {
	cert := l.pair.cert
	want := csr.CertificateRequest{CN: l.commonName, Names: s.subject(l)}
	subject, err := want.Name()
	if err != nil {
		return ""
	}
	subject.ExtraNames = nil // a parsed certificate's have no place in Subject that could be compared
	var diffs []string
	add := func(what, is, now string) {
		if is != now {
			diffs = append(diffs, fmt.Sprintf("%s %s, now %s", what, is, now))
		}
	}
	add("subject", cert.Subject.ToRDNSequence().String(), subject.ToRDNSequence().String())
	add("key", keyName(cert), fmt.Sprintf("%s %d", s.key.A, s.key.S))
	keyUsage, extUsage, _ := s.profiles[l.profile].Usages()
	if cert.KeyUsage != keyUsage || !sameUsages(cert.ExtKeyUsage, extUsage) {
		diffs = append(diffs, "key usages")
	}
	// A lifetime that the CA's or the profile's own end cut short says nothing.
	if s.notAfter.IsZero() && !cert.NotAfter.Equal(issuer.ca.cert.NotAfter) && !cert.NotBefore.Equal(issuer.ca.cert.NotBefore) {
		add("lifetime", days(cert.NotAfter.Sub(cert.NotBefore)), days(s.backdate+s.leafLifetime))
	}
	if len(diffs) == 0 {
		return ""
	}
	return fmt.Sprintf("%s was issued by other settings (%s): --renew %s applies them", l.name, strings.Join(diffs, "; "), l.name)
}

// days leaves out hours: another backdate alone is no other lifetime.
func days(d time.Duration) string { return fmt.Sprintf("%d days", d/(24*time.Hour)) }

func sameUsages(a, b []x509.ExtKeyUsage) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(slices.Compact(a), slices.Compact(b))
}

// keyName is a certificate's key by cfssl's names: "ecdsa 256".
func keyName(cert *x509.Certificate) string {
	switch key := cert.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return fmt.Sprintf("ecdsa %d", key.Params().BitSize)
	case *rsa.PublicKey:
		return fmt.Sprintf("rsa %d", key.N.BitLen())
	}
	return strings.ToLower(cert.PublicKeyAlgorithm.String())
}

// cappedNote says that leaves issued now end before their lifetime is over, since their CA does; "" when they do not.
func (i *issuer) cappedNote(now time.Time) string {
	fixed := i.settings.notAfter
	if end := i.ca.cert.NotAfter; fixed.After(end) || fixed.IsZero() && now.Add(i.settings.leafLifetime).After(end) {
		return fmt.Sprintf("what was issued is valid until %s only, when its CA (%s) expires",
			date(end), i.ca.cert.Subject.CommonName)
	}
	return ""
}

// strangers lists members and clients that have a place in pki/ but none in the spec: they are kept, since they are state.
func strangers(dir string, leaves []*leaf) (notes []string) {
	for _, kind := range []string{"members", "clients"} {
		entries, err := os.ReadDir(filepath.Join(dir, kind))
		if err != nil {
			continue // no such folder yet; if it cannot be read, reading the pairs in it has failed already
		}
		for _, e := range entries {
			name := kind + "/" + e.Name()
			if kind == "clients" {
				name = strings.TrimSuffix(name, ".pem")
				if strings.HasSuffix(name, "-key") {
					continue
				}
			}
			known := slices.ContainsFunc(leaves, func(l *leaf) bool {
				return l.name == name || strings.HasPrefix(l.name, name+"/")
			})
			if !known {
				notes = append(notes, fmt.Sprintf("%s is not in the spec: %s keeps it, and it stays valid until it expires",
					name, dir))
			}
		}
	}
	return notes
}

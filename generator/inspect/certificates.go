package inspect

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"
)

// Certificate is one of those in the files.
type Certificate struct {
	File     string    `json:"file"`
	Subject  string    `json:"subject"`
	CA       bool      `json:"ca"`
	SANs     []string  `json:"sans"`
	Usages   []string  `json:"usages"`
	NotAfter time.Time `json:"not_after"`
	Expired  bool      `json:"expired"`
	SHA256   string    `json:"sha256"`
	// Issuer is the issuer's subject, and IssuedBy the file with the certificate that signed this one; empty where none did.
	Issuer   string `json:"issuer"`
	IssuedBy string `json:"issued_by,omitempty"`
	// Key is the file with its private key; empty where there is none.
	Key string `json:"key,omitempty"`

	parsed *x509.Certificate
}

// addCertificates reads those in all files, and tells which keys and issuers belong to them. What looks as if it did and does
// not is a problem.
func (r *Report) addCertificates(now time.Time) {
	for _, f := range r.Files {
		n := 0
		for block, rest := pem.Decode(f.content); block != nil; block, rest = pem.Decode(rest) {
			if block.Type != "CERTIFICATE" {
				continue
			}
			n++
			parsed, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				r.Problems = append(r.Problems, fmt.Sprintf("%s: certificate %d cannot be read: %v", f.Path, n, err))
				continue
			}
			r.Certificates = append(r.Certificates, certificateOf(f.Path, parsed, now))
		}
		if n == 0 && f.Kind == Certificates {
			r.Problems = append(r.Problems, f.Path+": it has the header of a certificate, but none that can be read")
		}
	}
	for i := range r.Certificates {
		c := &r.Certificates[i]
		if c.Expired {
			r.Problems = append(r.Problems, fmt.Sprintf("%s has expired on %s", c.File, c.NotAfter.Format(time.DateOnly)))
		}
		r.findIssuer(c)
		r.findKey(c)
	}
}

func certificateOf(file string, parsed *x509.Certificate, now time.Time) Certificate {
	digest := sha256.Sum256(parsed.Raw)
	c := Certificate{
		File: file, Subject: printable(parsed.Subject.String()), Issuer: printable(parsed.Issuer.String()), CA: parsed.IsCA,
		SANs: []string{}, Usages: []string{}, NotAfter: parsed.NotAfter.UTC(), Expired: now.After(parsed.NotAfter),
		SHA256: hex.EncodeToString(digest[:]), parsed: parsed,
	}
	for _, name := range parsed.DNSNames {
		c.SANs = append(c.SANs, printable(name))
	}
	for _, ip := range parsed.IPAddresses {
		c.SANs = append(c.SANs, ip.String())
	}
	for _, usage := range parsed.ExtKeyUsage {
		c.Usages = append(c.Usages, usageName(usage))
	}
	return c
}

func usageName(usage x509.ExtKeyUsage) string {
	switch usage {
	case x509.ExtKeyUsageServerAuth:
		return "server"
	case x509.ExtKeyUsageClientAuth:
		return "client"
	case x509.ExtKeyUsageAny:
		return "any"
	}
	return fmt.Sprintf("usage %d", usage)
}

// findIssuer looks for the certificate that signed c, which is on the host where the host is to check c.
func (r *Report) findIssuer(c *Certificate) {
	named := false
	for _, ca := range r.Certificates {
		if !bytes.Equal(ca.parsed.RawSubject, c.parsed.RawIssuer) {
			continue
		}
		named = true
		if c.parsed.CheckSignatureFrom(ca.parsed) == nil {
			c.IssuedBy = ca.File
			return
		}
	}
	switch {
	case named:
		r.Problems = append(r.Problems, fmt.Sprintf("%s names %q as its issuer, but that did not sign it", c.File, c.Issuer))
	case !c.CA:
		r.Problems = append(r.Problems, fmt.Sprintf("%s: the certificate of its issuer, %q, is in no file", c.File, c.Issuer))
	}
}

// findKey looks for the private key of c. A file beside it that is called as its key should be it.
func (r *Report) findKey(c *Certificate) {
	digest, ok := publicDigest(c.parsed.PublicKey)
	if !ok {
		return
	}
	var beside string
	for _, f := range r.Files {
		if f.Kind != PrivateKey {
			continue
		}
		if f.PublicKey == digest {
			c.Key = f.Path
			return
		}
		if slices.Contains(keyNames(c.File), f.Path) {
			beside = f.Path
		}
	}
	if beside != "" {
		r.Problems = append(r.Problems, fmt.Sprintf("%s is not the key of %s", beside, c.File))
	}
}

// keyNames are what the key of a certificate's file is called.
func keyNames(file string) []string {
	stem := strings.TrimSuffix(file, path.Ext(file))
	return []string{stem + "-key.pem", stem + ".key", stem + "-key" + path.Ext(file)}
}

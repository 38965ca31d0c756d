package collect

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// Identity is the verifier's own credentials, parsed.
type Identity struct {
	us     facts.Us
	roots  *x509.CertPool // nil: the system's
	client *tls.Certificate
}

// ParseIdentity parses PEM blocks, each of which may be empty. The error says which of the three is wrong and never shows
// its content.
func ParseIdentity(ca, cert, key []byte) (*Identity, error) {
	var id Identity
	if len(ca) > 0 {
		certs, err := parseCerts(ca)
		if err != nil {
			return nil, fmt.Errorf("CA certificate: %w", err)
		}
		id.us.CA = certs
		id.roots = x509.NewCertPool()
		for _, c := range certs {
			id.roots.AddCert(c)
		}
	}
	switch {
	case len(cert) == 0 && len(key) == 0:
		return &id, nil
	case len(cert) == 0:
		return nil, errors.New("a client key without its certificate: give both --cert and --key")
	case len(key) == 0:
		return nil, errors.New("a client certificate without its key: give both --cert and --key")
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("client certificate and key: %w", err)
	}
	leaf, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("client certificate: %w", err)
	}
	id.client, id.us.Cert = &pair, leaf
	return &id, nil
}

func parseCerts(data []byte) ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" {
			return nil, fmt.Errorf("holds a PEM block of type %q where only certificates belong", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, err
		}
		certs = append(certs, c)
	}
	if len(certs) == 0 {
		return nil, errors.New("holds no certificate in PEM form")
	}
	return certs, nil
}

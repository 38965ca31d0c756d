package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"

	"github.com/cloudflare/cfssl/config"
	"github.com/cloudflare/cfssl/csr"
	cferr "github.com/cloudflare/cfssl/errors"
	"github.com/cloudflare/cfssl/signer"
	"github.com/cloudflare/cfssl/signer/local"
)

// certifier makes certificates by cfssl's profiles with one CA's key. cfssl decides what is in them; but as long as a profile has
// nothing to say against a request, none is made: signing, encoding, parsing and verifying one costs more than the
// certificate does.
type certifier struct {
	cfssl  *local.Signer
	policy *config.Signing
	ca     *x509.Certificate // nil for a certificate that signs itself
	key    crypto.Signer
}

// request is a certificate that is to be made for a key.
type request struct {
	subject             csr.CertificateRequest // CN, Names and Hosts
	profile             string                 // "" for the policy's default
	notBefore, notAfter time.Time
}

func newCertifier(key crypto.Signer, ca *x509.Certificate, policy *config.Signing) (*certifier, error) {
	by, err := local.NewSigner(key, ca, signer.DefaultSigAlgo(key), policy)
	if err != nil {
		return nil, err
	}
	return &certifier{cfssl: by, policy: policy, ca: ca, key: key}, nil
}

// newKey makes a pair that is a key only, in the PEM that cfssl writes.
func (s *settings) newKey() (*pair, error) {
	key := s.key
	failed := func(err error) error {
		return fmt.Errorf("cannot make a key (%s %d): %s", key.A, key.S, message(err))
	}
	made, err := key.Generate()
	if err != nil {
		return nil, failed(err)
	}
	var block pem.Block
	switch made := made.(type) {
	case *ecdsa.PrivateKey:
		if block.Bytes, err = x509.MarshalECPrivateKey(made); err != nil {
			return nil, failed(err)
		}
		block.Type = "EC PRIVATE KEY"
		return &pair{key: made, keyPEM: encodePEM(&block)}, nil
	case *rsa.PrivateKey:
		block.Type, block.Bytes = "RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(made)
		return &pair{key: made, keyPEM: encodePEM(&block)}, nil
	}
	return nil, failed(errors.New("it is neither ECDSA nor RSA"))
}

// encodePEM is pem.EncodeToMemory with all the memory that a block without headers needs from the beginning.
func encodePEM(block *pem.Block) []byte {
	var out bytes.Buffer
	out.Grow(len(block.Bytes)*4/3 + len(block.Bytes)/48 + 2*len(block.Type) + 40)
	_ = pem.Encode(&out, block) // neither a buffer nor a block without headers fails
	return out.Bytes()
}

// sign adds the certificate to a pair that has a key. It does not parse it.
func (c *certifier) sign(p *pair, r request) error {
	profile, err := signer.Profile(c.cfssl, r.profile)
	var cert *x509.Certificate
	if err == nil && judges(profile) {
		cert, err = c.signRequest(p.key, r)
	} else if err == nil {
		cert, err = c.signTemplate(p.key.Public(), r, profile)
	}
	if cf := (*cferr.Error)(nil); errors.As(err, &cf) && cf.ErrorCode/1000 == int(cferr.PolicyError)/1000 {
		return invalid("the cfssl profile does not allow this certificate: %s", cf.Message)
	}
	if err != nil {
		return fmt.Errorf("cannot sign the certificate: %s", message(err))
	}
	p.certPEM, p.facts = encodePEM(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}), factsOf(cert)
	return nil
}

// judges tells whether a profile looks at the request itself: at its names, its extensions, or the whole of it by zlint.
func judges(p *config.SigningProfile) bool {
	return p.NameWhitelist != nil || p.CSRWhitelist != nil || p.CopyExtensions || p.LintErrLevel > 0 ||
		p.ClientProvidesSerialNumbers
}

// signRequest is cfssl's whole way.
func (c *certifier) signRequest(key crypto.Signer, r request) (*x509.Certificate, error) {
	csrPEM, err := csr.Generate(key, &r.subject)
	if err != nil {
		return nil, err
	}
	certPEM, err := c.cfssl.Sign(signer.SignRequest{
		Request: string(csrPEM), Profile: r.profile, NotBefore: r.notBefore, NotAfter: r.notAfter,
	})
	if err != nil {
		return nil, err
	}
	return parseCert("the new certificate", certPEM)
}

// signTemplate is what remains of cfssl's way when there is no request to be judged: local.Signer.Sign, version 1.6.5. Of the
// certificate that it returns Raw and the times are set, and not all else.
func (c *certifier) signTemplate(key crypto.PublicKey, r request, profile *config.SigningProfile) (*x509.Certificate, error) {
	subject, err := r.subject.Name()
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		Subject: subject, PublicKey: key, SignatureAlgorithm: c.cfssl.SigAlgo(), SerialNumber: serial,
	}
	local.OverrideHosts(template, r.subject.Hosts)
	if err := signer.FillTemplate(template, c.policy.Default, profile, r.notBefore, r.notAfter); err != nil {
		return nil, err
	}
	ca := c.ca
	if ca == nil {
		ca = template
	}
	template.Raw, err = x509.CreateCertificate(rand.Reader, template, ca, key, c.key)
	return template, err
}

// newSerial is as long as a serial number may be (RFC 5280, 4.1.2.2), as cfssl's are.
func newSerial() (*big.Int, error) {
	serial := make([]byte, 20)
	if _, err := rand.Read(serial); err != nil {
		return nil, err
	}
	serial[0] &= 0x7f
	return new(big.Int).SetBytes(serial), nil
}

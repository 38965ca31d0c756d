package pki

import (
	"crypto/x509"
	"encoding/pem"
	"path/filepath"
	"slices"
	"time"

	"github.com/cloudflare/cfssl/signer"

	"github.com/etcdbake/etcdbake/generator/spec"
)

// authority is one CA that the spec asks for, and what becomes of it in this run.
type authority struct {
	name       string // "ca" or "peer-ca"
	commonName string // if it is made here
	existing   *spec.ExistingCA

	pair   *pair
	action Action // "" leaves it: a CA is never replaced
	reason string
}

func wantedAuthorities(c *spec.Cluster) []*authority {
	all := []*authority{{name: caName, commonName: c.Name + " etcd CA", existing: c.PKI.CA}}
	if !c.PKI.SingleCA {
		all = append(all, &authority{name: peerCAName, commonName: c.Name + " etcd peer CA", existing: c.PKI.PeerCA})
	}
	return all
}

// load reads the CA from pki/, or else the one that the spec names; where there is neither, it is to be made.
func (a *authority) load(dir string, now time.Time) (err error) {
	path := filepath.Join(dir, certFile(a.name))
	if a.pair, err = loadPair(dir, a.name); err != nil {
		return err
	}
	switch {
	case a.pair != nil && a.existing != nil:
		err = a.compare(path)
	case a.pair == nil && a.existing != nil:
		path = a.existing.Cert
		err = a.importExisting()
	case a.pair == nil:
		a.action = Created
		return nil
	}
	if err != nil {
		return err
	}
	return checkAuthority(path, a.pair, now)
}

// compare makes sure that the CA that the spec names is the one in pki/. The key that the spec names is not needed any more:
// it may be locked away.
func (a *authority) compare(path string) error {
	content, err := readFile(a.existing.Cert)
	if err != nil {
		return invalid("cannot read the CA that the spec names: %w", err)
	}
	cert, err := parseCert(a.existing.Cert, content)
	if err != nil {
		return err
	}
	if !cert.Equal(a.pair.cert) {
		return invalid("%s (%s) is not the CA in use, %s (%s): name that one in the spec, or begin with a new PKI folder",
			a.existing.Cert, describe(cert), path, describe(a.pair.cert))
	}
	return nil
}

// importExisting copies the PEM blocks of certificate and key, without any text around them.
func (a *authority) importExisting() error {
	certPEM, err := readFile(a.existing.Cert)
	if err != nil {
		return invalid("cannot read the CA that the spec names: %w", err)
	}
	keyPEM, err := readFile(a.existing.Key)
	if err != nil {
		return invalid("cannot read the key of the CA that the spec names: %w", err)
	}
	p, err := parsePair(a.existing.Cert, certPEM, a.existing.Key, keyPEM)
	if err != nil {
		return err
	}
	p.certPEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: p.cert.Raw})
	p.keyPEM = pem.EncodeToMemory(keyBlock(keyPEM))
	a.pair, a.action = p, Imported
	a.reason = "from " + a.existing.Cert + " (" + describe(p.cert) + ")"
	return nil
}

// checkAuthority refuses a certificate that cannot sign leaves now.
func checkAuthority(path string, p *pair, now time.Time) error {
	cert := p.cert
	weak := []x509.SignatureAlgorithm{x509.UnknownSignatureAlgorithm, x509.SHA1WithRSA, x509.ECDSAWithSHA1}
	switch {
	case slices.Contains(weak, signer.DefaultSigAlgo(p.key)):
		return invalid("%s (%s) has a key that is too weak to sign with (%s): it must be RSA of at "+
			"least 2048 bits or ECDSA P-256, P-384 or P-521", path, describe(cert), keyName(cert))
	case !cert.BasicConstraintsValid || !cert.IsCA:
		return invalid("%s (%s) is not a CA: its basic constraints do not say CA:TRUE", path, describe(cert))
	case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
		return invalid("%s (%s) may not sign certificates: its key usage has no keyCertSign", path, describe(cert))
	case now.After(cert.NotAfter):
		return invalid("%s (%s) expired on %s: nothing that it signed is accepted any more; begin with a new PKI folder",
			path, describe(cert), date(cert.NotAfter))
	case now.Before(cert.NotBefore):
		return invalid("%s (%s) is not valid before %s, and it is %s now: set this machine's clock",
			path, describe(cert), date(cert.NotBefore), date(now))
	}
	return nil
}

// date is how times are written for people: UTC, to the minute.
func date(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

package collect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// wire is a connection that remembers its first read error: the reason behind gRPC's "unavailable".
type wire struct {
	net.Conn
	first atomic.Pointer[error]
}

func (w *wire) Read(p []byte) (int, error) {
	n, err := w.Conn.Read(p)
	if err != nil {
		w.first.CompareAndSwap(nil, &err)
	}
	return n, err
}

// err is the first read error, or nil.
func (w *wire) err() error {
	if w == nil {
		return nil
	}
	if p := w.first.Load(); p != nil {
		return *p
	}
	return nil
}

// dialTCP connects to addr, or says in words why not.
func dialTCP(ctx context.Context, addr string) (net.Conn, *facts.Fault) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, tcpFault(addr, err)
	}
	return conn, nil
}

// secure does the TLS handshake on conn, showing cert if it is not nil, and returns the chain that the server presented even
// where the handshake fails afterwards. Without curves it offers Go's own choice. It accepts any server: whether to trust it
// is the caller's to decide.
func secure(
	ctx context.Context, conn net.Conn, addr string, cert *tls.Certificate, curves []tls.CurveID, alpn ...string,
) (*tls.Conn, []*x509.Certificate, error) {
	var chain []*x509.Certificate
	host, _, _ := net.SplitHostPort(addr)
	c := tls.Client(conn, &tls.Config{
		ServerName:         host,
		NextProtos:         alpn,
		MinVersion:         tls.VersionTLS12,
		CurvePreferences:   curves,
		InsecureSkipVerify: true, // wrong certificates are what we are here to look at
		VerifyPeerCertificate: func(raw [][]byte, _ [][]*x509.Certificate) error {
			for _, der := range raw {
				if leaf, err := x509.ParseCertificate(der); err == nil {
					chain = append(chain, leaf)
				}
			}
			return nil
		},
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			if cert == nil {
				return &tls.Certificate{}, nil
			}
			return cert, nil // also where the server's hints ask for another CA: it shall say so itself
		},
	})
	err := c.HandshakeContext(ctx)
	return c, chain, err
}

// classic leaves out the post-quantum key exchange, which costs as much as the rest of a handshake: a round probes every
// member some seven times, and says nothing there that would be worth keeping until there are quantum computers.
func classic() []tls.CurveID {
	return []tls.CurveID{tls.X25519, tls.CurveP256, tls.CurveP384, tls.CurveP521}
}

// served judges the chain that a server presented against the CA and the fingerprint that the expectation names.
func (id *Identity) served(chain []*x509.Certificate, now time.Time, pin string) *facts.Served {
	if len(chain) == 0 {
		return nil
	}
	leaf := chain[0]
	s := &facts.Served{Leaf: leaf, Pinned: pin != "" && facts.Fingerprint(leaf) == pin}
	s.Chain = id.chain(chain, now)
	return s
}

// chain checks signatures only up to the CA: dates (also the CA's), names and usages are told apart from it by their own checks.
func (id *Identity) chain(chain []*x509.Certificate, now time.Time) error {
	err := id.chainAt(chain, now)
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return id.chainAt(chain, chain[0].NotBefore) // the CA was valid when it issued this
	}
	return err
}

func (id *Identity) chainAt(chain []*x509.Certificate, now time.Time) error {
	leaf, between := chain[0], x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	switch {
	case now.Before(leaf.NotBefore):
		now = leaf.NotBefore
	case now.After(leaf.NotAfter):
		now = leaf.NotAfter
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: id.roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err
}

// strict tells whether any TLS client would accept the chain for host: only then a password may be sent.
func (id *Identity) strict(chain []*x509.Certificate, host string) bool {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	_, err := chain[0].Verify(x509.VerifyOptions{Roots: id.roots, Intermediates: between, DNSName: host})
	return err == nil
}

func addrOf(rawURL string) string {
	u, err := url.Parse(rawURL)
	if err != nil {
		return rawURL
	}
	return u.Host
}

func isTLS(rawURL string) bool {
	u, err := url.Parse(rawURL)
	return err == nil && u.Scheme == "https"
}

package collect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
)

// probeClient tries to get into the client port without the right to.
func (r *round) probeClient(ctx context.Context, e *facts.Endpoint) {
	e.Client.Probes = r.probePort(ctx, e.URL, map[facts.ProbeKind]*tls.Certificate{
		facts.Anonymous: nil,
		facts.Foreign:   r.stranger,
	}, func([]*x509.Certificate) {})
}

// probePeer looks at the certificate of a peer port and tries to get into it without the right to.
func (r *round) probePeer(ctx context.Context, p *facts.Port, expected *expect.Member) {
	ctx, cancel := context.WithTimeout(ctx, r.step)
	defer cancel()
	conn, fault := dialTCP(ctx, addrOf(p.URL))
	if fault != nil {
		p.Fault = fault
		return
	}
	conn.Close()
	certs := map[facts.ProbeKind]*tls.Certificate{facts.Anonymous: nil, facts.Foreign: r.stranger}
	if r.cfg.Identity.client != nil {
		certs[facts.ClientCert] = r.cfg.Identity.client
	}
	pin := ""
	if expected != nil {
		pin = expected.Peer.SHA256
	}
	p.Probes = r.probePort(ctx, p.URL, certs, func(chain []*x509.Certificate) {
		p.Served = r.cfg.Identity.served(chain, r.facts.At, pin)
	})
}

// probePort makes the TLS probes with certs and the plaintext one, side by side; the results are in a fixed order. The
// chain that the port presents to the anonymous probe goes to keep.
func (r *round) probePort(
	ctx context.Context, url string, certs map[facts.ProbeKind]*tls.Certificate, keep func([]*x509.Certificate),
) []facts.Probe {
	ctx, cancel := context.WithTimeout(ctx, r.step)
	defer cancel()
	addr := addrOf(url)
	var probes []facts.Probe
	for _, kind := range []facts.ProbeKind{facts.Anonymous, facts.Foreign, facts.ClientCert, facts.Clear} {
		if _, ok := certs[kind]; ok || kind == facts.Clear {
			probes = append(probes, facts.Probe{Kind: kind})
		}
	}
	var wg sync.WaitGroup
	for i := range probes {
		p := &probes[i]
		wg.Go(func() {
			if p.Kind == facts.Clear {
				p.Outcome, p.Evidence = tryClear(ctx, addr)
				return
			}
			var chain []*x509.Certificate
			p.Outcome, p.Evidence, chain = tryTLS(ctx, addr, certs[p.Kind])
			if p.Kind == facts.Anonymous {
				keep(chain)
			}
		})
	}
	wg.Wait()
	return probes
}

// tryTLS connects with cert, or with none, and asks for something. Under TLS 1.3 a refusal arrives at the first read.
func tryTLS(ctx context.Context, addr string, cert *tls.Certificate) (facts.Outcome, string, []*x509.Certificate) {
	raw, fault := dialTCP(ctx, addr)
	if fault != nil {
		return facts.NoAnswer, fault.Words, nil
	}
	defer raw.Close()
	conn, chain, err := secure(ctx, raw, addr, cert, "h2", "http/1.1")
	if err != nil {
		outcome, evidence := outcomeOf(err)
		return outcome, evidence, chain
	}
	outcome, evidence := request(ctx, conn, conn.ConnectionState().NegotiatedProtocol == "h2")
	return outcome, evidence, chain
}

// tryClear speaks plain HTTP. A TLS server may answer with an alert, with the hint that it speaks TLS, or not at all.
func tryClear(ctx context.Context, addr string) (facts.Outcome, string) {
	conn, fault := dialTCP(ctx, addr)
	if fault != nil {
		return facts.NoAnswer, fault.Words
	}
	defer conn.Close()
	return request(ctx, conn, false)
}

// request sends the beginning of an HTTP exchange and tells an answer from a refusal.
func request(ctx context.Context, conn net.Conn, h2 bool) (facts.Outcome, string) {
	defer bind(ctx, conn)()
	hello := "GET /version HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n\r\n"
	if h2 {
		hello = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00" // the preface and empty settings
	}
	_, writeErr := conn.Write([]byte(hello))
	answer := make([]byte, 512)
	n, err := conn.Read(answer)
	switch {
	case n > 0:
		return answered(string(answer[:n]))
	case err != nil:
		return outcomeOf(err)
	default:
		return outcomeOf(writeErr)
	}
}

// bind makes reads and writes on conn end with ctx; call the returned function when done.
func bind(ctx context.Context, conn net.Conn) (release func()) {
	if d, ok := ctx.Deadline(); ok {
		conn.SetDeadline(d)
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}

// answered judges the first bytes of an answer.
func answered(s string) (facts.Outcome, string) {
	const alertRecord = "\x15\x03"
	switch {
	case strings.HasPrefix(s, alertRecord):
		return facts.Rejected, "TLS alert"
	case strings.HasPrefix(s, "HTTP/1.0 400 Bad Request") && strings.Contains(s, "HTTPS"):
		return facts.Rejected, "answers that it speaks TLS only"
	case strings.HasPrefix(s, "HTTP/"):
		line, _, _ := strings.Cut(s, "\r\n")
		return facts.Accepted, "answers " + line
	default:
		return facts.Accepted, fmt.Sprintf("answers with %d bytes", len(s))
	}
}

// outcomeOf judges an error: an alert or a closed connection refuses, silence does not.
func outcomeOf(err error) (facts.Outcome, string) {
	switch alert, refused := alertOf(err); {
	case err == nil:
		return facts.NoAnswer, "empty answer"
	case refused:
		return facts.Rejected, alert
	case timedOut(err):
		return facts.NoAnswer, "no answer in time"
	default:
		return facts.Rejected, err.Error()
	}
}

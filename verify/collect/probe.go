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

// tryTLS tries to get in with cert, or with none. Under TLS 1.3 a refusal arrives only at the first read, as an alert; a
// connection that merely ends may have ended because nobody there speaks our protocol, so the next one is tried. The last
// attempt only listens: nothing of ours can then meet a closed connection and reset it before the alert is read.
func tryTLS(ctx context.Context, addr string, cert *tls.Certificate) (facts.Outcome, string, []*x509.Certificate) {
	var evidence string
	var chain []*x509.Certificate
	for _, hello := range []hello{byHTTP1(), byHTTP2(), bySilence()} {
		raw, fault := dialTCP(ctx, addr)
		if fault != nil {
			return facts.NoAnswer, fault.Words, chain
		}
		defer raw.Close()
		conn, served, err := secure(ctx, raw, addr, cert, classic(), hello.alpn)
		if chain = served; err != nil {
			outcome, evidence := outcomeOf(err)
			return outcome, evidence, chain
		}
		answer, err := say(ctx, conn, hello)
		alert, refused := alertOf(err)
		switch {
		case answer != "":
			return facts.Accepted, describe(answer), chain
		case refused:
			return facts.Rejected, alert, chain
		case timedOut(err):
			return facts.NoAnswer, "no answer in time", chain
		}
		evidence = fmt.Sprintf("the TLS handshake is completed, then %v", err)
	}
	return facts.NoAnswer, evidence, chain
}

// tryClear speaks plain HTTP. A TLS server may answer with an alert, with the hint that it speaks TLS, or hang up.
func tryClear(ctx context.Context, addr string) (facts.Outcome, string) {
	outcome, evidence := facts.NoAnswer, ""
	for _, hello := range []hello{byHTTP1(), byHTTP2()} {
		conn, fault := dialTCP(ctx, addr)
		if fault != nil {
			return facts.NoAnswer, fault.Words
		}
		defer conn.Close()
		answer, err := say(ctx, conn, hello)
		switch {
		case isRefusal(answer):
			return facts.Rejected, "answers that it speaks TLS only"
		case answer != "":
			return facts.Accepted, describe(answer)
		}
		outcome, evidence = outcomeOf(err)
	}
	return outcome, evidence
}

// hello is what is said first, and the protocol that is asked for.
type hello struct{ alpn, text string }

func byHTTP1() hello {
	return hello{"http/1.1", "GET /version HTTP/1.1\r\nHost: etcd\r\nConnection: close\r\n\r\n"}
}

// byHTTP2 is what gRPC begins with: the preface and empty settings.
func byHTTP2() hello {
	return hello{"h2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\x00\x00\x00\x04\x00\x00\x00\x00\x00"}
}

func bySilence() hello { return hello{alpn: "h2"} }

// say says hello and returns the first bytes of the answer.
func say(ctx context.Context, conn net.Conn, h hello) (string, error) {
	defer bind(ctx, conn)()
	conn.Write([]byte(h.text)) // where this fails, reading says more
	answer := make([]byte, 512)
	n, err := conn.Read(answer)
	return string(answer[:n]), err
}

// bind makes reads and writes on conn end with ctx; call the returned function when done.
func bind(ctx context.Context, conn net.Conn) (release func()) {
	if d, ok := ctx.Deadline(); ok {
		conn.SetDeadline(d)
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	return func() { stop() }
}

// isRefusal tells whether a plaintext answer is a TLS server's.
func isRefusal(answer string) bool {
	const alertRecord = "\x15\x03"
	return strings.HasPrefix(answer, alertRecord) ||
		strings.HasPrefix(answer, "HTTP/1.0 400 Bad Request") && strings.Contains(answer, "HTTPS")
}

// describe shows what an answer begins with.
func describe(answer string) string {
	if strings.HasPrefix(answer, "HTTP/") {
		line, _, _ := strings.Cut(answer, "\r\n")
		return "answers " + line
	}
	return fmt.Sprintf("answers with %d bytes", len(answer))
}

// outcomeOf judges an error before anything was agreed on: an alert or a closed connection refuses, silence does not.
func outcomeOf(err error) (facts.Outcome, string) {
	switch alert, refused := alertOf(err); {
	case refused:
		return facts.Rejected, alert
	case timedOut(err):
		return facts.NoAnswer, "no answer in time"
	default:
		return facts.Rejected, err.Error()
	}
}

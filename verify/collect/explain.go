package collect

import (
	"context"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// explain looks for a better reason where a connection just broke: a server that speaks TLS and is spoken to without, or the
// other way round, hangs up, and a refused certificate can drown in the reset of the connection that it ends.
func (m *member) explain(ctx context.Context, fault *facts.Fault) *facts.Fault {
	if fault.Kind != facts.Other || fault.Stage == facts.TCP {
		return fault
	}
	ctx, cancel := context.WithTimeout(ctx, m.round.step)
	defer cancel()
	better := m.wantsTLS(ctx)
	if isTLS(m.URL) {
		better = m.refusal(ctx)
		if fault.Stage == facts.TLS {
			better = m.speaksClear(ctx)
		}
	}
	if better == nil {
		return fault
	}
	if better.Evidence == "" {
		better.Evidence = fault.Evidence
	}
	return better
}

// wantsTLS tells whether the plain endpoint completes, or at least begins, a TLS handshake.
func (m *member) wantsTLS(ctx context.Context) *facts.Fault {
	addr := addrOf(m.URL)
	raw, fault := dialTCP(ctx, addr)
	if fault != nil {
		return nil
	}
	defer raw.Close()
	if _, chain, _ := secure(ctx, raw, addr, nil, nil, "h2"); len(chain) == 0 {
		return nil
	}
	return &facts.Fault{Stage: facts.TLS, Kind: facts.NeedsTLS, Words: "it speaks TLS: use https://" + addr}
}

// speaksClear tells whether the TLS endpoint answers plain HTTP.
func (m *member) speaksClear(ctx context.Context) *facts.Fault {
	addr := addrOf(m.URL)
	if outcome, evidence := tryClear(ctx, addr); outcome == facts.Accepted {
		return &facts.Fault{Stage: facts.TLS, Kind: facts.Plaintext, Words: addr + " does not speak TLS", Evidence: evidence}
	}
	return nil
}

// refusal connects once more and only listens: a refusal is then the first thing to arrive, and nothing of ours can meet a
// closed connection and reset it.
func (m *member) refusal(ctx context.Context) *facts.Fault {
	conn, fault := m.connect(ctx)
	if fault != nil {
		return fault
	}
	defer conn.Close()
	defer bind(ctx, conn)()
	_, err := conn.Read(make([]byte, 1))
	if _, refused := alertOf(err); !refused {
		return nil
	}
	return rpcFault(err, err)
}

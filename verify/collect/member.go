package collect

import (
	"context"
	"crypto/tls"
	"net"
	"slices"
	"sync/atomic"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
)

// member is one endpoint while it is being looked at.
type member struct {
	*facts.Endpoint
	round  *round
	client *clientv3.Client // nil where calls were not possible
	wire   atomic.Pointer[wire]
	peers  []uint64 // the IDs of the other members, by its own list
	pin    string   // the server certificate's fingerprint by the expectation, or ""
}

// look collects everything about the endpoint. Probes of its ports go on in the background, in the round's group.
func (m *member) look(ctx context.Context) {
	m.Client.URL = m.URL
	m.Expected = m.round.expectedAt(m.URL)
	conn, fault := m.first(ctx)
	if fault == nil {
		m.talk(ctx, conn)
	} else {
		m.Fault = m.explain(ctx, fault)
	}
	if m.Expected == nil {
		m.Expected = m.round.expectedNamed(m.Endpoint)
	}
	if m.Answered() {
		m.peers = m.others()
		m.round.probes.Go(func() { m.inspect(ctx) })
	}
	if m.Fault == nil || m.Fault.Stage != facts.TCP {
		m.round.probes.Go(func() { m.round.probeClient(ctx, m.Endpoint) })
	}
	m.lookAtPeers(ctx)
}

// others are the IDs of the other members in its list, that have started.
func (m *member) others() []uint64 {
	var ids []uint64
	for _, row := range m.Rows() {
		if row.ID != m.Status.MemberID && row.Name != "" {
			ids = append(ids, row.ID)
		}
	}
	return ids
}

// first makes the connection that calls go over, and keeps what the server shows on it.
func (m *member) first(ctx context.Context) (net.Conn, *facts.Fault) {
	ctx, cancel := context.WithTimeout(ctx, m.round.step)
	defer cancel()
	if m.Expected != nil {
		m.pin = m.Expected.Server.SHA256
	}
	return m.dial(ctx, "h2", func(s *facts.Served) {
		m.Client.Served = s
		if m.Expected != nil || s == nil {
			return
		}
		if m.Expected = m.round.expectedServing(s); m.Expected != nil {
			m.pin, s.Pinned = m.Expected.Server.SHA256, true
		}
	})
}

// connect makes a further connection for calls, under the same conditions.
func (m *member) connect(ctx context.Context) (net.Conn, *facts.Fault) { return m.connectAs(ctx, "h2") }

// connectAs makes a further connection that speaks protocol.
func (m *member) connectAs(ctx context.Context, protocol string) (net.Conn, *facts.Fault) {
	return m.dial(ctx, protocol, func(*facts.Served) {})
}

// dial connects to the member if it is who it should be; what it shows goes to keep, also where it is not.
func (m *member) dial(ctx context.Context, protocol string, keep func(*facts.Served)) (net.Conn, *facts.Fault) {
	addr := addrOf(m.URL)
	raw, fault := dialTCP(ctx, addr)
	if fault != nil || !isTLS(m.URL) {
		return raw, fault
	}
	id := m.round.cfg.Identity
	conn, chain, err := secure(ctx, raw, addr, id.client, nil, protocol)
	served := id.served(chain, m.round.facts.At, m.pin)
	keep(served)
	switch {
	case err != nil:
		raw.Close()
		return nil, tlsFault(addr, err)
	case served == nil || !served.Trusted():
		conn.Close()
		return nil, untrusted(served)
	}
	return conn, nil
}

func untrusted(s *facts.Served) *facts.Fault {
	f := &facts.Fault{Stage: facts.TLS, Kind: facts.Untrusted, Words: "its certificate does not chain to the given CA"}
	if s != nil && s.Chain != nil {
		f.Evidence = s.Chain.Error()
	}
	return f
}

// talk makes the calls.
func (m *member) talk(ctx context.Context, conn net.Conn) {
	ctx, cancel := context.WithTimeout(ctx, m.round.step)
	defer cancel()
	user, password := m.login(conn)
	if err := m.open(ctx, conn, user, password); err != nil {
		conn.Close()
		m.Fault = m.fault(err)
		return
	}
	status, fault := m.status(ctx)
	if fault != nil {
		m.Fault = m.explain(ctx, fault)
		return
	}
	m.Status = status
	m.ask(ctx)
}

// login returns the user name and password where the server is one that they may be sent to.
func (m *member) login(conn net.Conn) (user, password string) {
	cfg := m.round.cfg
	if c, ok := conn.(interface{ ConnectionState() tls.ConnectionState }); ok {
		if !cfg.Identity.strict(c.ConnectionState().PeerCertificates, m.Host()) {
			return "", ""
		}
	}
	return cfg.Username, cfg.Password
}

// lookAtPeers probes the member's peer ports: those of the expectation, else those that it advertises.
func (m *member) lookAtPeers(ctx context.Context) {
	urls := m.peerURLs()
	m.Peers = make([]facts.Port, len(urls))
	for i, u := range urls {
		m.Peers[i].URL = u
		m.round.probes.Go(func() { m.round.probePeer(ctx, &m.Peers[i], m.Expected) })
	}
}

func (m *member) peerURLs() []string {
	if m.Expected != nil {
		return m.Expected.PeerURLs
	}
	row, _ := m.Row()
	return row.PeerURLs
}

func (m *member) close() {
	if m.client != nil {
		m.client.Close()
	}
	if w := m.wire.Load(); w != nil {
		w.Close()
	}
}

// expectedAt is the expected member that has the endpoint as a client URL.
func (r *round) expectedAt(url string) *expect.Member {
	return r.expected(func(m expect.Member) bool { return slices.Contains(m.ClientURLs, url) })
}

// expectedServing is the expected member whose server certificate was served: the endpoint may be behind a forwarded port.
func (r *round) expectedServing(s *facts.Served) *expect.Member {
	sum := facts.Fingerprint(s.Leaf)
	return r.expected(func(m expect.Member) bool { return m.Server.SHA256 == sum })
}

// expectedNamed is the expected member by the name that the endpoint's own row has.
func (r *round) expectedNamed(e *facts.Endpoint) *expect.Member {
	row, ok := e.Row()
	if !ok {
		return nil
	}
	return r.expected(func(m expect.Member) bool { return m.Name == row.Name })
}

func (r *round) expected(is func(expect.Member) bool) *expect.Member {
	if r.cfg.Expect == nil {
		return nil
	}
	i := slices.IndexFunc(r.cfg.Expect.Members, is)
	if i < 0 {
		return nil
	}
	return &r.cfg.Expect.Members[i]
}

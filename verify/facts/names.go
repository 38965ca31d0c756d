package facts

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"
)

// Name is how people call the member that should be behind the endpoint: its name by the expectation, else by the others where
// it does not advertise the endpoint itself, else by itself, else its host and port.
func (e *Endpoint) Name() string {
	if e.Expected != nil {
		return e.Expected.Name
	}
	if e.ByOthers != "" {
		return e.ByOthers
	}
	if row, ok := e.Row(); ok && row.Name != "" {
		return row.Name
	}
	if u, err := url.Parse(e.URL); err == nil {
		return u.Host
	}
	return e.URL
}

// Astray tells whether the endpoint, without an expectation, leads to another member than the one that advertises it.
func (e *Endpoint) Astray() bool { return e.Expected == nil && e.Answered() && e.ByOthers != "" }

// Answered tells whether the member answered a status call.
func (e *Endpoint) Answered() bool { return e.Status != nil }

// Host is the endpoint's host without port and brackets.
func (e *Endpoint) Host() string { return host(e.URL) }

// Rows is the best member list that the endpoint gave: by consensus, else its own.
func (e *Endpoint) Rows() []Row {
	if e.Linear.Fault == nil && len(e.Linear.Rows) > 0 {
		return e.Linear.Rows
	}
	return e.Local.Rows
}

// Row is the endpoint's own row in its member list.
func (e *Endpoint) Row() (Row, bool) {
	if e.Status == nil {
		return Row{}, false
	}
	i := slices.IndexFunc(e.Rows(), func(r Row) bool { return r.ID == e.Status.MemberID })
	if i < 0 {
		return Row{}, false
	}
	return e.Rows()[i], true
}

// Answering are the endpoints that answered.
func (c *Cluster) Answering() []*Endpoint {
	return slices.DeleteFunc(slices.Clone(c.Endpoints), func(e *Endpoint) bool { return !e.Answered() })
}

// ClusterID is the ID that most members answer with; on a tie that of the longer member list, since a member that was wiped
// and reborn as its own cluster knows only itself; else that of the first endpoint. ok is false where none answered.
func (c *Cluster) ClusterID() (id uint64, ok bool) {
	type weight struct{ members, rows int }
	weights := map[uint64]weight{}
	for _, e := range c.Answering() {
		w := weights[e.Status.ClusterID]
		weights[e.Status.ClusterID] = weight{w.members + 1, max(w.rows, len(e.Rows()))}
	}
	var best weight
	for _, e := range c.Answering() {
		w := weights[e.Status.ClusterID]
		if !ok || w.members > best.members || w.members == best.members && w.rows > best.rows {
			id, best, ok = e.Status.ClusterID, w, true
		}
	}
	return id, ok
}

// Inside are the answering endpoints that belong to the cluster that most belong to.
func (c *Cluster) Inside() []*Endpoint {
	return slices.DeleteFunc(c.WithID(), c.Apart)
}

// Led tells whether the member knows a leader.
func (e *Endpoint) Led() bool { return e.Answered() && e.Status.Leader != 0 }

// WithID are the answering endpoints with the cluster's ID, also those that are apart.
func (c *Cluster) WithID() []*Endpoint {
	id, _ := c.ClusterID()
	return slices.DeleteFunc(c.Answering(), func(e *Endpoint) bool { return e.Status.ClusterID != id })
}

// Apart tells whether the member has become a cluster of its own that has kept the cluster's ID, as --force-new-cluster makes
// one: it knows only itself, and another member knows more.
func (c *Cluster) Apart(e *Endpoint) bool {
	return e.Alone() && slices.ContainsFunc(c.WithID(), func(other *Endpoint) bool { return len(other.Rows()) > 1 })
}

// Alone tells whether the member has decided by its own vote that there is no member but itself.
func (e *Endpoint) Alone() bool {
	rows := e.Linear.Rows
	return e.Answered() && e.Linear.Fault == nil && len(rows) == 1 && rows[0].ID == e.Status.MemberID
}

// Rows is the member list that checks of the whole cluster go by: the one that most members have by consensus, the first of
// them on a tie, else the first that a member has.
func (c *Cluster) Rows() []Row {
	inside := c.Inside()
	var best []Row
	count := map[string]int{}
	for _, e := range inside {
		if e.Linear.Fault == nil && len(e.Linear.Rows) > 0 {
			count[text(e.Linear.Rows)]++
		}
	}
	for _, e := range inside {
		if n := count[text(e.Linear.Rows)]; e.Linear.Fault == nil && n > count[text(best)] {
			best = e.Linear.Rows
		}
	}
	if i := slices.IndexFunc(inside, func(e *Endpoint) bool { return len(e.Local.Rows) > 0 }); best == nil && i >= 0 {
		best = inside[i].Local.Rows
	}
	return best
}

// text is the rows as text that is the same for the same rows.
func text(rows []Row) string { return strings.Join(lines(rows), "\n") }

// NameOf is the name of the member with the ID, or its peer URL where it has none yet, or "" where it is unknown.
func (c *Cluster) NameOf(id uint64) string {
	for _, r := range c.Rows() {
		if r.ID == id {
			return r.Label()
		}
	}
	return ""
}

// Label is the row's name, or its first peer URL where it has none yet.
func (r Row) Label() string {
	if r.Name == "" && len(r.PeerURLs) > 0 {
		return r.PeerURLs[0]
	}
	return r.Name
}

func host(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return raw
	}
	return u.Hostname()
}

// Fingerprint is the SHA-256 of the certificate's DER in lower-case hex.
func Fingerprint(c *x509.Certificate) string {
	sum := sha256.Sum256(c.Raw)
	return hex.EncodeToString(sum[:])
}

// Package collect sees what there is to see of a cluster: it connects to every endpoint side by side, under one deadline,
// and returns facts. It judges nothing.
package collect

import (
	"context"
	"crypto/tls"
	"slices"
	"sync"
	"time"

	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
)

// Config says what to look at and how.
type Config struct {
	Expect *expect.Cluster
	// Endpoints are URLs with scheme, host and port.
	Endpoints []string
	// Discover adds the members that the endpoints know of.
	Discover           bool
	Identity           *Identity
	Username, Password string
	// Timeout is the deadline of everything together.
	Timeout time.Duration
	// NoCanary says why nothing is to be written; empty where something is. NoData leaves out hashing all keys.
	NoCanary string
	NoData   bool
	// Host, if not nil, says what to look at on this machine.
	Host *HostConfig
}

// round is one look at the whole cluster.
type round struct {
	cfg      Config
	step     time.Duration // the most that one step may take: connecting, calling, settling, the canary
	facts    *facts.Cluster
	members  []*member
	probes   sync.WaitGroup
	stranger *tls.Certificate
}

// Round looks at the cluster once. It never takes much longer than cfg.Timeout, and when it returns nothing of it is left:
// no connection, no goroutine, and no key unless Canary.Cleanup says so.
func Round(ctx context.Context, cfg Config) (*facts.Cluster, error) {
	ctx, cancel := context.WithTimeout(ctx, cfg.Timeout)
	defer cancel()
	r := &round{cfg: cfg, step: cfg.Timeout / 4}
	r.facts = &facts.Cluster{At: time.Now(), Expect: cfg.Expect, Us: cfg.Identity.us}
	var err error
	if r.stranger, err = stranger(r.facts.At); err != nil {
		return nil, err
	}
	defer r.close()
	if cfg.Host != nil {
		r.probes.Go(func() { r.facts.Host = lookAtHost(ctx, *cfg.Host) })
	}
	r.look(ctx, cfg.Endpoints)
	if cfg.Discover {
		r.look(ctx, r.undiscovered())
	}
	r.settle(ctx)
	r.name()
	r.probes.Go(func() { r.facts.Data = r.data(ctx) })
	r.facts.Canary = r.canary(ctx)
	r.probes.Wait()
	return r.facts, nil
}

// look adds endpoints to the round, side by side.
func (r *round) look(ctx context.Context, urls []string) {
	var wg sync.WaitGroup
	for _, u := range urls {
		m := &member{Endpoint: &facts.Endpoint{URL: u}, round: r}
		r.members = append(r.members, m)
		r.facts.Endpoints = append(r.facts.Endpoints, m.Endpoint)
		wg.Go(func() { m.look(ctx) })
	}
	wg.Wait()
}

// undiscovered are client URLs of members that answer at no endpoint so far.
func (r *round) undiscovered() []string {
	var urls []string
	for _, row := range r.facts.Rows() {
		known := slices.ContainsFunc(r.members, func(m *member) bool {
			return slices.Contains(row.ClientURLs, m.URL) || m.Status != nil && m.Status.MemberID == row.ID
		})
		if !known && len(row.ClientURLs) > 0 {
			urls = append(urls, row.ClientURLs[0])
		}
	}
	return urls
}

// name gives endpoints the name that the cluster knows them by, where no member answers that says so itself.
func (r *round) name() {
	for _, row := range r.facts.Rows() {
		for _, m := range r.members {
			if own, ok := m.Row(); ok && slices.Contains(own.ClientURLs, m.URL) {
				continue
			}
			if slices.Contains(row.ClientURLs, m.URL) {
				m.ByOthers = row.Name
			}
		}
	}
}

// inside are the members that belong to the cluster that most belong to.
func (r *round) inside() []*member { return r.among(r.facts.Inside()) }

// among are the members behind the endpoints.
func (r *round) among(endpoints []*facts.Endpoint) []*member {
	return slices.DeleteFunc(slices.Clone(r.members), func(m *member) bool { return !slices.Contains(endpoints, m.Endpoint) })
}

func (r *round) close() {
	r.probes.Wait()
	for _, m := range r.members {
		m.close()
	}
}

package collect

import (
	"context"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// auth asks every member whether authentication is on there: users and roles are not part of any hash. Members answer at
// different moments, so they are asked again where they differ. The question goes through the log of the cluster as writes do
// (it changes nothing), and so belongs to the canary.
func (r *round) auth(ctx context.Context, members []*member) {
	ctx, cancel := context.WithTimeout(ctx, r.step)
	defer cancel()
	for range 5 {
		var wg sync.WaitGroup
		for _, m := range members {
			wg.Go(func() { m.Auth = m.auth(ctx) })
		}
		wg.Wait()
		if r.facts.SameAuth() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// auth is nil where the member does not tell: an old version, or rights that do not suffice.
func (m *member) auth(ctx context.Context) *facts.Auth {
	s, err := pb.NewAuthClient(m.client.ActiveConnection()).AuthStatus(ctx, &pb.AuthStatusRequest{})
	if err != nil {
		return nil
	}
	return &facts.Auth{Enabled: s.Enabled, Revision: s.AuthRevision}
}

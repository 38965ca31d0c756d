package collect

import (
	"context"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// settle asks again while the members' answers disagree only because they were not given at the same instant: a leader that
// moves, a follower that catches up. On a quiet and healthy cluster it costs nothing.
func (r *round) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, r.step)
	defer cancel()
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 20*time.Millisecond, 500*time.Millisecond
	for r.facts.MaySettle() {
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause.NextBackOff()):
			r.again(ctx)
		}
	}
}

// again asks every member that answered once more. What fails this time is kept out: the first answer stands.
func (r *round) again(ctx context.Context) {
	var wg sync.WaitGroup
	for _, m := range r.among(r.facts.WithID()) {
		wg.Go(func() {
			if s, fault := m.status(ctx); fault == nil {
				s.RoundTrip = m.Status.RoundTrip
				m.Status = s
			}
		})
		wg.Go(func() { m.Local = keep(m.Local, m.list(ctx, false)) })
		wg.Go(func() { m.Linear = keep(m.Linear, m.list(ctx, true)) })
	}
	wg.Wait()
}

func keep(old, got facts.MemberList) facts.MemberList {
	if got.Fault != nil {
		return old
	}
	return got
}

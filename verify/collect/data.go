package collect

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// data asks every member for the hash of its keys up to the newest revision that all of them have. Compactions reach members
// at different moments, so it asks again, with pauses, while the answers cannot be compared; and once more where they can be
// and differ, so that nobody is accused because of one unlucky moment.
func (r *round) data(ctx context.Context) facts.Data {
	if r.cfg.NoData {
		return facts.Data{Skipped: "not asked for"}
	}
	ctx, cancel := context.WithTimeout(ctx, r.step)
	defer cancel()
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval = 10*time.Millisecond, 500*time.Millisecond
	members := r.inside()
	revision := firstRevision(members)
	var last []int64
	since := time.Now()
	for confirming := false; ; {
		d := hashes(ctx, members, revision)
		if compacted := d.Compacted(); !slices.Equal(compacted, last) {
			last, since = compacted, time.Now()
		}
		if d.Still = !d.Comparable() && time.Since(since) > r.step/2; d.Still {
			return d
		}
		differs := d.Comparable() && !d.Agrees()
		if !d.Overtaken() && (d.Agrees() || differs && confirming) {
			return d
		}
		confirming = differs
		select {
		case <-ctx.Done():
			return d
		case <-time.After(pause.NextBackOff()):
			if revision = nextRevision(ctx, members); revision == 0 {
				return d
			}
		}
	}
}

// firstRevision is the newest revision that all members had when they were asked for their status.
func firstRevision(members []*member) int64 {
	lowest := int64(0)
	for _, m := range members {
		if rev := m.Status.Revision; lowest == 0 || rev < lowest {
			lowest = rev
		}
	}
	return lowest
}

// nextRevision is the newest revision that all members have now; 0 where none tells.
func nextRevision(ctx context.Context, members []*member) int64 {
	var mu sync.Mutex
	var wg sync.WaitGroup
	lowest := int64(0)
	for _, m := range members {
		wg.Go(func() {
			s, fault := m.status(ctx)
			if fault != nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if lowest == 0 || s.Revision < lowest {
				lowest = s.Revision
			}
		})
	}
	wg.Wait()
	return lowest
}

// hashes asks all members side by side.
func hashes(ctx context.Context, members []*member, revision int64) facts.Data {
	d := facts.Data{Hashes: make([]facts.Hash, len(members))}
	var wg sync.WaitGroup
	for i, m := range members {
		wg.Go(func() { d.Hashes[i] = m.hash(ctx, revision) })
	}
	wg.Wait()
	return d
}

func (m *member) hash(ctx context.Context, revision int64) facts.Hash {
	h := facts.Hash{Endpoint: m.Endpoint, Revision: revision}
	r, err := pb.NewMaintenanceClient(m.client.ActiveConnection()).HashKV(ctx, &pb.HashKVRequest{Revision: revision})
	if err != nil {
		h.Fault = m.fault(err)
		return h
	}
	h.Compact, h.Sum = r.CompactRevision, r.Hash
	return h
}

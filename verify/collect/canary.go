package collect

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"sync"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// CanaryPrefix is where canary keys are written; nothing else is ever written.
const CanaryPrefix = "/etcdbake/verify/"

// cleanupTimeout is how long removing the canary may take after everything else has ended, be it by an interrupt.
const cleanupTimeout = 2 * time.Second

// canaryRoom is more than the canary takes, in bytes: etcd reckons with the size of requests and of their keys' metadata.
const canaryRoom = 64 << 10

// canary is one run of the canary. The lease's ID is our own choice, so that the lease can be revoked even where the answer
// to its grant was lost.
type canary struct {
	facts   *facts.Canary
	members []*member // of the cluster that most belong to
	voters  []*member // those that take writes
	lease   int64
	value   string
	// patience is how long the first attempt at a call may take.
	patience time.Duration
}

// canary writes a key through every member and reads all of them back on every member, then removes them.
func (r *round) canary(ctx context.Context) facts.Canary {
	var c facts.Canary
	if c.See, c.Skipped = r.noCanary(); c.Skipped != "" {
		return c
	}
	var random [16]byte
	rand.Read(random[:]) // never fails
	id := hex.EncodeToString(random[:8])
	c.Prefix = CanaryPrefix + id + "/"
	c.TTL = max(30*time.Second, 2*r.cfg.Timeout) // beyond any round, so that it cannot end in the midst of one
	led := slices.DeleteFunc(r.inside(), func(m *member) bool { return !m.Led() })
	run := canary{
		facts: &c, members: led, value: id, patience: r.step / 4,
		lease: int64(binary.BigEndian.Uint64(random[8:]) >> 1), // positive
	}
	run.voters = slices.DeleteFunc(slices.Clone(run.members), func(m *member) bool { return m.Status.Learner })
	defer run.remove(ctx)
	r.probes.Go(func() { r.auth(ctx, run.voters) })
	if run.grant(ctx); c.Grant != nil {
		return c
	}
	run.write(ctx)
	run.read(ctx)
	return c
}

// half is ctx with half of the time that is left: what waits for one member must not take the others' time.
func half(ctx context.Context) (context.Context, context.CancelFunc) {
	end, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(end)/2)
}

// noCanary says why no canary can be written, and names the check which says more.
func (r *round) noCanary() (see, why string) {
	if r.cfg.NoCanary != "" {
		return "", r.cfg.NoCanary
	}
	quorum := false
	for _, m := range r.inside() {
		quorum = quorum || m.Linear.Fault == nil
		if len(m.Alarms.Raised) > 0 {
			return "health", "writes are refused while an alarm is raised"
		}
		if m.Status.Quota > 0 && m.Status.DBSize+canaryRoom > m.Status.Quota {
			return "health", "the database is at its quota, and a write would raise the alarm"
		}
	}
	if !quorum && !r.denied() {
		return "consensus", "no quorum"
	}
	return "", ""
}

func (r *round) denied() bool {
	return slices.ContainsFunc(r.inside(), func(m *member) bool {
		return m.Linear.Fault != nil && m.Linear.Fault.Kind == facts.Denied
	})
}

// try repeats a call through m while it fails only for want of a leader. A proposal that is under way when the leader
// changes is lost without an answer, so an attempt must not take all the time that there is; each may take twice as long
// as the last.
func (c *canary) try(ctx context.Context, m *member, call func(context.Context) error) *facts.Fault {
	for patience := c.patience; ; patience *= 2 {
		fault := c.once(ctx, m, patience, call)
		if fault == nil || fault.Kind != facts.Mute && fault.Kind != facts.NoQuorum {
			return fault
		}
		select {
		case <-ctx.Done():
			return fault
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// once is one attempt.
func (c *canary) once(
	ctx context.Context, m *member, patience time.Duration, call func(context.Context) error,
) *facts.Fault {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := call(ctx); err != nil {
		return m.fault(err)
	}
	return nil
}

// grant makes the lease, through the first member that can.
func (c *canary) grant(ctx context.Context) {
	for _, m := range c.voters {
		c.facts.Grant = c.try(ctx, m, func(ctx context.Context) error {
			req := &pb.LeaseGrantRequest{ID: c.lease, TTL: int64(c.facts.TTL.Seconds())}
			_, err := pb.NewLeaseClient(m.client.ActiveConnection()).LeaseGrant(ctx, req)
			if isLeaseThere(err) {
				return nil // an earlier attempt came through, its answer did not
			}
			return err
		})
		if c.facts.Grant == nil {
			return
		}
	}
}

func (c *canary) key(m *member) string {
	return c.facts.Prefix + hex.EncodeToString(binary.BigEndian.AppendUint64(nil, m.Status.MemberID))
}

func (c *canary) write(ctx context.Context) {
	ctx, cancel := half(ctx)
	defer cancel()
	c.facts.Writes = make([]facts.CanaryWrite, len(c.voters))
	var wg sync.WaitGroup
	for i, m := range c.voters {
		wg.Go(func() {
			w := &c.facts.Writes[i]
			w.Endpoint = m.Endpoint
			w.Fault = c.try(ctx, m, func(ctx context.Context) error {
				_, err := m.client.Put(ctx, c.key(m), c.value, clientv3.WithLease(clientv3.LeaseID(c.lease)))
				return err
			})
		})
	}
	wg.Wait()
}

func (c *canary) read(ctx context.Context) {
	var wg sync.WaitGroup
	var mu sync.Mutex
	for _, m := range c.members {
		for _, linearizable := range []bool{true, false} {
			if linearizable && m.Status.Learner {
				continue
			}
			wg.Go(func() {
				read := c.readOn(ctx, m, linearizable)
				mu.Lock()
				defer mu.Unlock()
				c.facts.Reads = append(c.facts.Reads, read)
			})
		}
	}
	wg.Wait()
}

// readOn reads every key on one member. A serializable read may be behind: it is repeated until all is there or ctx ends.
func (c *canary) readOn(ctx context.Context, m *member, linearizable bool) facts.CanaryRead {
	read := facts.CanaryRead{Endpoint: m.Endpoint, Linearizable: linearizable}
	opts := []clientv3.OpOption{clientv3.WithPrefix()}
	if !linearizable {
		opts = append(opts, clientv3.WithSerializable())
	}
	for pause := 5 * time.Millisecond; ; pause *= 2 {
		var got *clientv3.GetResponse
		fault := c.try(ctx, m, func(ctx context.Context) (err error) {
			got, err = m.client.Get(ctx, c.facts.Prefix, opts...)
			return err
		})
		if fault != nil {
			if read.Missing == nil {
				read.Fault = fault
			}
			return read
		}
		read.Revision = got.Header.Revision
		read.Missing = c.missing(got)
		if len(read.Missing) == 0 || linearizable {
			return read
		}
		select {
		case <-ctx.Done():
			return read
		case <-time.After(pause):
		}
	}
}

// missing are the members through which a key was written that is not in got, or not with our value.
func (c *canary) missing(got *clientv3.GetResponse) []*facts.Endpoint {
	values := map[string]string{}
	for _, kv := range got.Kvs {
		values[string(kv.Key)] = string(kv.Value)
	}
	var missing []*facts.Endpoint
	for i, m := range c.voters {
		if c.facts.Writes[i].Fault == nil && values[c.key(m)] != c.value {
			missing = append(missing, m.Endpoint)
		}
	}
	return missing
}

// remove revokes the lease, which deletes its keys in the same instant, also when ctx has ended. A write that is still under
// way fails afterwards for want of its lease.
func (c *canary) remove(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTimeout)
	defer cancel()
	for _, m := range c.voters {
		fault := c.once(ctx, m, cleanupTimeout/time.Duration(len(c.voters)), func(ctx context.Context) error {
			_, err := m.client.Revoke(ctx, clientv3.LeaseID(c.lease))
			if isLeaseGone(err) {
				return nil
			}
			return err
		})
		if c.facts.Cleanup = fault; fault == nil {
			return
		}
	}
}

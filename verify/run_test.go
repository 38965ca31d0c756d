package verify_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdbake/etcdbake/tools/etcdbin"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/checks"
	"github.com/etcdbake/etcdbake/verify/collect"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/report"
)

func TestAHealthyClusterOfEveryVersionPasses(t *testing.T) {
	for _, version := range etcdbin.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, version, 3)
			c.Start()
			passes(t, c, verify.Options{Expect: c.Expect(), Credentials: c.Credentials()})
			passes(t, c, verify.Options{Endpoints: c.Endpoints(), Credentials: c.Credentials()})
			r := passes(t, c, verify.Options{Endpoints: c.Endpoints()[:1], Discover: true, Credentials: c.Credentials()})
			if len(r.Members) != 3 {
				t.Errorf("%d members were looked at, want 3 discovered ones", len(r.Members))
			}
		})
	}
}

// passes verifies and wants nothing but passes and skips, and no canary left.
func passes(t *testing.T, c *etcdtest.Cluster, o verify.Options) *verify.Report {
	t.Helper()
	r := run(t, o)
	if r.Verdict != report.Pass || report.Worst(r.Results) != report.Pass {
		t.Errorf("verdict is %s, want pass; blamed: %v", r.Verdict, blamed(r))
		show(t, r)
	}
	noCanary(t, c)
	return r
}

// noCanary wants no key and no lease.
func noCanary(t *testing.T, c *etcdtest.Cluster) {
	t.Helper()
	client := c.Client(c.Members[0])
	got, err := client.Get(t.Context(), collect.CanaryPrefix, clientv3.WithPrefix())
	if err != nil {
		t.Fatal(err)
	}
	leases, err := client.Leases(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Count != 0 || len(leases.Leases) != 0 {
		t.Errorf("%d keys and %d leases are left", got.Count, len(leases.Leases))
	}
}

func TestABusyClusterThatMovesItsLeaderPasses(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 3)
	c.Start()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { write(ctx, c) })
	wg.Go(func() { moveLeader(ctx, c) })
	terms := map[uint64]bool{}
	for range 10 {
		r := run(t, verify.Options{Expect: c.Expect(), Credentials: c.Credentials()})
		if r.Verdict != report.Pass {
			t.Errorf("verdict is %s; blamed: %v", r.Verdict, blamed(r))
			show(t, r)
		}
		terms[r.Members[0].RaftTerm] = true
	}
	if len(terms) < 2 {
		t.Error("the leader never moved: the test proves nothing")
	}
}

func write(ctx context.Context, c *etcdtest.Cluster) {
	client := c.Client(c.Members...)
	for i := 0; ctx.Err() == nil; i++ {
		put, err := client.Put(ctx, fmt.Sprint("k", i%100), strings.Repeat("v", 100))
		if err == nil && i%500 == 499 {
			client.Compact(ctx, put.Header.Revision)
		}
	}
}

// moveLeader makes the next member the leader, again and again.
func moveLeader(ctx context.Context, c *etcdtest.Cluster) {
	for i := 0; ctx.Err() == nil; i++ {
		from, to := c.Members[i%3], c.Members[(i+1)%3]
		client := c.Client(from)
		status, err := client.Status(ctx, c.Member(to.Name).ClientURL)
		if err == nil {
			client.MoveLeader(ctx, status.Header.MemberId) // refused where from is not the leader: then the next turn
		}
		select {
		case <-ctx.Done():
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func TestWaitingForAClusterThatStillBootsGivesOneReportThatPasses(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 3)
	for _, m := range c.Members {
		time.AfterFunc(2*time.Second, m.Start)
	}
	var lines []string
	r := run(t, verify.Options{
		Expect: c.Expect(), Credentials: c.Credentials(), Wait: time.Minute, Timeout: 4 * time.Second,
		Progress: func(line string) { lines = append(lines, line) },
	})
	if r.Verdict != report.Pass {
		t.Errorf("verdict is %s; blamed: %v", r.Verdict, blamed(r))
	}
	if len(lines) == 0 || !strings.Contains(lines[0], "of 1m0s): reach: m1: TCP: connection refused") {
		t.Errorf("progress is %q, want to be told that m1 refuses connections", lines)
	}
}

func TestWaitingEndsAtOnceWhereNothingHeals(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 1)
	c.Start()
	e := c.Expect()
	e.Members[0].Server = e.Members[0].Peer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := verify.Run(ctx, verify.Options{Expect: e, Credentials: c.Credentials(), Wait: time.Hour})
	if err != nil || r.Verdict != report.Fail {
		t.Fatalf("got %v, %v; want a report that fails", r, err)
	}
}

func TestWaitingEndsWithTheLastReport(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 1)
	r := run(t, verify.Options{Expect: c.Expect(), Credentials: c.Credentials(), Wait: time.Second})
	if r.Verdict != report.Fail {
		t.Errorf("verdict is %s, want fail", r.Verdict)
	}
}

func TestAnInterruptAtAnyMomentLeavesNoCanary(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 3)
	c.Start()
	stop := errors.New("stopped by the test")
	for after := time.Duration(0); after < 60*time.Millisecond; after += 3 * time.Millisecond {
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(after, func() { cancel(stop) })
		_, err := verify.Run(ctx, verify.Options{Expect: c.Expect(), Credentials: c.Credentials()})
		if err != nil && !errors.Is(err, stop) {
			t.Errorf("after %s: error is %v, want the cause", after, err)
		}
		noCanary(t, c)
		cancel(nil)
	}
}

// Not parallel: it counts all goroutines of the process.
func TestNothingRunsOnAfterwards(t *testing.T) {
	c := newCluster(t, "3.6.14", 3)
	c.Start()
	c.Members[2].Kill()
	o := verify.Options{Expect: c.Expect(), Credentials: c.Credentials(), Timeout: 4 * time.Second}
	before := runtime.NumGoroutine()
	for range 3 {
		run(t, o)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(15*time.Millisecond, cancel)
	verify.Run(ctx, o)
	for deadline := time.Now().Add(10 * time.Second); runtime.NumGoroutine() > before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			t.Fatalf("%d goroutines before, %d after:\n%s", before, runtime.NumGoroutine(), stacks[:runtime.Stack(stacks, true)])
		}
	}
}

func TestOptionsThatMakeNoSenseAreRefused(t *testing.T) {
	for _, test := range []struct {
		name    string
		options verify.Options
		want    string
	}{
		{"nothing", verify.Options{}, "nothing to verify: give an expectation or endpoints"},
		{"no such check", verify.Options{Endpoints: []string{"h:1"}, Only: []string{"heath"}}, `there is no check "heath": ` +
			"the checks are reach, identity, closed, membership, consensus, health, settings, data, canary, host"},
		{"the host without asking for it", verify.Options{Endpoints: []string{"h:1"}, Only: []string{"host"}},
			"the check host looks at this machine, a member's: ask for it with --host"},
		{"the host without an expectation", verify.Options{Endpoints: []string{"h:1"}, Host: &verify.Host{}},
			"the host check compares with an expectation: give one"},
		{"a limit that nothing passes", verify.Options{Endpoints: []string{"h:1"}, Limits: checks.Limits{Fsync: 1}},
			"the limits of fsync, commit, round trip and clock skew must be positive"},
		{"no port", verify.Options{Endpoints: []string{"10.140.0.2"}},
			`endpoint "10.140.0.2" is not host:port or a URL like https://10.140.0.2:2379`},
		{"a scheme that is not etcd's", verify.Options{Endpoints: []string{"ftp://h:1"}},
			`endpoint "ftp://h:1" is not host:port or a URL like https://10.140.0.2:2379`},
		{"no PEM", verify.Options{Endpoints: []string{"h:1"}, Credentials: verify.Credentials{CA: []byte("x")}},
			"CA certificate: holds no certificate in PEM form"},
		{"a key without its certificate", verify.Options{Endpoints: []string{"h:1"},
			Credentials: verify.Credentials{Key: []byte("x")}},
			"a client key without its certificate: give both --cert and --key"},
		{"a certificate without its key", verify.Options{Endpoints: []string{"h:1"},
			Credentials: verify.Credentials{Cert: []byte("x")}},
			"a client certificate without its key: give both --cert and --key"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := verify.Run(t.Context(), test.options)
			if err == nil || err.Error() != test.want {
				t.Errorf("error is %v, want %s", err, test.want)
			}
		})
	}
}

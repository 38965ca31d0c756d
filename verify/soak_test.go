package verify_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/report"
)

// soak is how often the healthy cluster is verified; `make soak` says 200.
var soak = flag.Int("soak", 20, "runs of the test for false alarms")

func TestAHealthyClusterUnderWritesCompactionsLeaderMovesAndRestartsIsNeverAccused(t *testing.T) {
	t.Parallel()
	c := newCluster(t, strings.Split(*versions, ",")[0], 3)
	c.Start()
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { write(ctx, c) })
	wg.Go(func() { moveLeader(ctx, c) })
	alarms, warnings := 0, map[string]int{}
	terms := map[uint64]bool{}
	for i := range *soak {
		restart(c.Members[i%3])
		r := run(t, verify.Options{Expect: c.Expect(), Credentials: c.Credentials()})
		if r.Verdict != report.Pass {
			alarms++
			t.Errorf("run %d: verdict is %s; blamed: %v", i, r.Verdict, blamed(r))
			show(t, r)
		}
		for _, x := range r.Results {
			if x.Verdict == report.Warn {
				warnings[x.Check+": "+x.Subject]++
			}
		}
		terms[r.Members[0].RaftTerm] = true
	}
	if len(terms) < *soak/2 {
		t.Errorf("%d leaders in %d runs: the test proves nothing", len(terms), *soak)
	}
	t.Logf("%d runs, %d false alarms, %d terms; warnings: %s", *soak, alarms, len(terms), tally(warnings))
}

func tally(n map[string]int) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(n)) {
		out = append(out, fmt.Sprintf("%d × %s", n[k], k))
	}
	return strings.Join(out, ", ")
}

func restart(m *etcdtest.Member) {
	m.Stop()
	m.Start()
	m.WaitReady()
}

// contents are all keys with their revisions, and what else a cluster keeps.
func contents(t *testing.T, c *etcdtest.Cluster) (revision int64, all []string) {
	t.Helper()
	client := c.Client(c.Members[0])
	got, err := client.Get(t.Context(), "", clientv3.WithPrefix())
	must(t, err)
	for _, kv := range got.Kvs {
		all = append(all, kv.String())
	}
	leases, err := client.Leases(t.Context())
	must(t, err)
	for _, l := range leases.Leases {
		all = append(all, fmt.Sprint("lease ", l.ID))
	}
	members, err := client.MemberList(t.Context())
	must(t, err)
	for _, m := range members.Members {
		all = append(all, m.String())
	}
	return got.Header.Revision, all
}

func TestNothingIsChangedButTheCanaryAndReadOnlyNotEvenThat(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 3)
	c.Start()
	client := c.Client(c.Members[0])
	for i := range 100 {
		_, err := client.Put(t.Context(), fmt.Sprint("/registry/", i), "value")
		must(t, err)
	}
	_, err := client.Grant(t.Context(), 3600)
	must(t, err)
	before, all := contents(t, c)
	for _, test := range []struct {
		name    string
		options verify.Options
	}{
		{"read-only", verify.Options{ReadOnly: true}},
		{"without the canary", verify.Options{Skip: []string{"canary"}}},
		{"one other check", verify.Options{Only: []string{"reach"}}},
	} {
		test.options.Expect, test.options.Credentials = c.Expect(), c.Credentials()
		r := run(t, test.options)
		if revision, after := contents(t, c); r.Verdict != report.Pass || revision != before || !slices.Equal(after, all) {
			t.Errorf("%s: verdict %s, revision %d, was %d:\n%s", test.name, r.Verdict, revision, before, gocmp.Diff(all, after))
		}
	}
	run(t, verify.Options{Expect: c.Expect(), Credentials: c.Credentials()})
	if revision, after := contents(t, c); revision == before || !slices.Equal(after, all) {
		t.Errorf("with the canary: revision %d, was %d:\n%s", revision, before, gocmp.Diff(all, after))
	}
}

func TestATimeoutAtAnyMomentLeavesNoCanary(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 3)
	c.Start()
	for timeout := 2 * time.Millisecond; timeout < 80*time.Millisecond; timeout += 4 * time.Millisecond {
		run(t, verify.Options{Expect: c.Expect(), Credentials: c.Credentials(), Timeout: timeout})
		noCanary(t, c)
	}
}

// sockets counts this process's open sockets.
func sockets(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	must(t, err)
	n := 0
	for _, e := range entries {
		if to, err := os.Readlink("/proc/self/fd/" + e.Name()); err == nil && strings.HasPrefix(to, "socket:") {
			n++
		}
	}
	return n
}

// Not parallel: it counts all sockets of the process.
func TestNoConnectionStaysOpen(t *testing.T) {
	c := newCluster(t, "3.6.14", 3)
	c.Start()
	before := sockets(t)
	for range 3 {
		run(t, verify.Options{Expect: c.Expect(), Credentials: c.Credentials()})
	}
	if after := sockets(t); after > before {
		t.Errorf("%d sockets are open, %d were before", after, before)
	}
}

func TestAnUnselectedCheckThatWouldSayWhyLeavesItUndetermined(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 3)
	c.Start()
	c.Members[1].Kill()
	for _, test := range []struct {
		name  string
		o     verify.Options
		want  report.Verdict
		blame []string
	}{
		{"only the canary", verify.Options{Only: []string{"canary"}}, report.Undetermined,
			[]string{"undetermined canary m2: canary"}},
		{"the canary and why it may be missing", verify.Options{Only: []string{"reach", "canary"}}, report.Fail,
			[]string{"fail reach m2: endpoint"}},
		{"all but that", verify.Options{Skip: []string{"reach", "closed", "identity", "membership", "consensus", "settings", "data"}},
			report.Undetermined, []string{"undetermined health m2: health", "undetermined canary m2: canary"}},
	} {
		test.o.Expect, test.o.Credentials = c.Expect(), c.Credentials()
		r := run(t, test.o)
		if diff := gocmp.Diff(test.blame, blamed(r)); diff != "" || r.Verdict != test.want {
			t.Errorf("%s: verdict %s, want %s (-want +got):\n%s", test.name, r.Verdict, test.want, diff)
		}
	}
}

package verify_test

import (
	"errors"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/tools/etcdbin"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/checks"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/report"
)

// disturbedMembers run well, but on a machine that does not: its disk is slow, its clock is wrong.
func disturbedMembers() []fault {
	return []fault{
		{
			name: "a member whose disk is slow", want: report.Pass,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				slowDisk(t, c.Member("m2"), 300*time.Millisecond)
				for _, m := range c.Members {
					m.Flags["backend-batch-interval"] = "10ms"
				}
			},
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Limits = checks.DefaultLimits()
				o.Limits.Fsync, o.Limits.Commit, o.Limits.MinSamples = 250*time.Millisecond, 250*time.Millisecond, 10
				writeUntilMeasured(t, c, c.Member("m2"), 10)
			},
			blame: []string{"warn health m2: fsync of the log", "warn health m2: commit of the database"},
		},
		{
			name: "a member whose clock is an hour ahead", want: report.Pass, version: "3.6.14",
			before: func(t *testing.T, c *etcdtest.Cluster) { skewClock(t, c.Member("m2"), time.Hour) },
			blame:  []string{"warn health m2: clock"},
		},
		{
			name: "a member whose clock is before the certificates", want: report.Fail, version: "3.6.14", noStart: true,
			before: func(t *testing.T, c *etcdtest.Cluster) { skewClock(t, c.Member("m2"), -24*time.Hour) },
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				for _, m := range c.Members {
					m.Start()
				}
				c.Member("m1").WaitReady()
				c.Member("m3").WaitReady()
			},
			blame: []string{"fail reach m2: endpoint", "warn consensus cluster: tolerance"},
		},
	}
}

// forcedMembers were restarted with --force-new-cluster, the way to rescue the last survivor's data, while the others live.
func forcedMembers() []fault {
	return []fault{
		{
			// It tells the others that they are no members any more, and they end themselves.
			name: "a member that was forced into a cluster of its own", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				force(c.Member("m3"))
				c.Member("m1").WaitEnd()
				c.Member("m2").WaitEnd()
			},
			blame: []string{
				"fail reach m1: endpoint", "fail reach m2: endpoint", "fail membership m3: own member list",
				"fail membership m1: row in the member list", "fail membership m2: row in the member list",
				"fail settings m3: command line",
			},
		},
		{
			name: "a member that was forced into a cluster of its own, out of its peers' reach", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				m := c.Member("m3")
				m.Flags["listen-peer-urls"] = "https://" + m.IP + ":2382"
				force(m)
				waitLeader(t, c, "m1", "m2")
				slices.Reverse(o.Expect.Members) // whoever is asked first, it is m3's fault
			},
			blame: []string{"fail membership m3: own member list", "warn consensus cluster: tolerance"},
		},
		{
			name: "a member that was forced into a cluster of its own, without an expectation", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				m := c.Member("m1")
				m.Flags["listen-peer-urls"] = "https://" + m.IP + ":2382"
				force(m)
				waitLeader(t, c, "m2", "m3")
				o.Expect, o.Endpoints = nil, c.Endpoints()
			},
			blame: []string{"fail membership m1: own member list", "warn consensus cluster: tolerance"},
		},
	}
}

// force restarts the member as the only one of its cluster.
func force(m *etcdtest.Member) {
	m.Stop()
	m.Flags["force-new-cluster"] = "true"
	m.Start()
	m.WaitReady()
}

// slowDisk makes every sync to the member's disk take that much longer.
func slowDisk(t *testing.T, m *etcdtest.Member, delay time.Duration) {
	t.Helper()
	const calls = "fsync,fdatasync"
	delayed := "inject=" + calls + ":delay_enter=" + strconv.FormatInt(delay.Microseconds(), 10)
	// With -D strace is not etcd's parent, so that signals go to etcd; with seccomp, no other call of etcd's is slowed down.
	strace := []string{"strace", "-D", "-f", "--seccomp-bpf", "-qqq", "-o", "/dev/null", "-e", "trace=" + calls, "-e", delayed}
	if out, err := exec.Command(strace[0], append(strace[1:], "true")...).CombinedOutput(); err != nil {
		t.Skipf("strace cannot slow the disk down here (is it installed, and tracing allowed?): %v %s", err, out)
	}
	m.Under, m.Env = strace, []string{"ETCD_UNSAFE_NO_FSYNC=false"}
}

// writeUntilMeasured writes until the member has synced its log and committed its database n times.
func writeUntilMeasured(t *testing.T, c *etcdtest.Cluster, m *etcdtest.Member, n int) {
	t.Helper()
	client := c.Client(m)
	eventually(t, func() error {
		if _, err := client.Put(t.Context(), "key", "value"); err != nil {
			return err
		}
		for _, metric := range []string{"etcd_disk_wal_fsync_duration_seconds", "etcd_disk_backend_commit_duration_seconds"} {
			if measured(t, c, m, metric) < n {
				return errors.New(metric + " has too few samples")
			}
		}
		return nil
	})
}

// measured is how many samples the member's histogram has.
func measured(t *testing.T, c *etcdtest.Cluster, m *etcdtest.Member, metric string) int {
	t.Helper()
	for line := range strings.Lines(get(t, c, m, "/metrics")) {
		if count, ok := strings.CutPrefix(line, metric+"_count "); ok {
			n, err := strconv.Atoi(strings.TrimSpace(count))
			must(t, err)
			return n
		}
	}
	return 0
}

// skewClock makes the member live in another time.
func skewClock(t *testing.T, m *etcdtest.Member, skew time.Duration) {
	t.Helper()
	m.Etcd = etcdbin.NeedSkewed(t, "3.6.14")
	m.Env = []string{etcdbin.SkewVariable + "=" + strconv.Itoa(int(skew.Seconds()))}
}

// get fetches a path of the member's client port.
func get(t *testing.T, c *etcdtest.Cluster, m *etcdtest.Member, path string) string {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: c.TLS(), DisableKeepAlives: true}
	resp, err := (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Get(m.ClientURL + path)
	must(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	must(t, err)
	return string(body)
}

package verify_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/checks"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/report"
)

func wrongData() []fault {
	return []fault{
		{
			name: "a member whose database was altered", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) { alter(t, c, "m2") },
			blame:  []string{"fail data m2: hash"},
		},
		{
			name: "a member whose database was altered, without an expectation", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				alter(t, c, "m3")
				o.Expect, o.Endpoints = nil, c.Endpoints()
			},
			blame: []string{"fail data m3: hash"},
		},
		{
			name: "one of two databases was altered", members: 2, want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) { alter(t, c, "m2") },
			blame:  []string{"fail data cluster: hash"},
		},
		{
			name: "an alarm of corrupt data", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) { corrupt(t, c, memberID(t, c, "m2")) },
			blame:  []string{"fail health m2: alarm"},
		},
		{
			name: "a disk that is slower than the limit", members: 1, want: report.Pass,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Limits = checks.DefaultLimits()
				o.Limits.Fsync, o.Limits.Commit, o.Limits.MinSamples = time.Hour, time.Nanosecond, 1
			},
			blame: []string{"warn health m1: commit of the database"},
		},
		{
			name: "leaders that change all the time", want: report.Pass,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				for i := range 8 {
					lead(t, c, c.Members[i%3])
				}
			},
			blame: []string{"warn health m1: leader changes", "warn health m2: leader changes", "warn health m3: leader changes"},
		},
	}
}

// alter changes a value in the database of a member while it is down, as a bad disk or a bad tool would.
func alter(t *testing.T, c *etcdtest.Cluster, name string) {
	t.Helper()
	original, altered := []byte("what was written by a client"), []byte("what was altered by somebody")
	client, m := c.Client(c.Member("m1")), c.Member(name)
	for range 2 {
		if _, err := client.Put(t.Context(), "key", string(original)); err != nil {
			t.Fatal(err)
		}
	}
	waitKey(t, c, m, "key")
	m.Stop() // in good order, so that the database is whole
	path := filepath.Join(m.Flags["data-dir"], "member", "snap", "db")
	data, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Contains(data, original) {
		t.Fatalf("%s does not hold the value", path)
	}
	must(t, os.WriteFile(path, bytes.ReplaceAll(data, original, altered), 0o600))
	m.Start()
	m.WaitReady()
}

// corrupt raises the alarm that etcd's own corruption check raises.
func corrupt(t *testing.T, c *etcdtest.Cluster, id uint64) {
	t.Helper()
	maintenance := pb.NewMaintenanceClient(c.Client(c.Member("m1")).ActiveConnection())
	_, err := maintenance.Alarm(t.Context(), &pb.AlarmRequest{
		Action: pb.AlarmRequest_ACTIVATE, MemberID: id, Alarm: pb.AlarmType_CORRUPT,
	})
	must(t, err)
	eventually(t, func() error { // on every member
		for _, m := range c.Members {
			list, err := c.Client(m).AlarmList(t.Context())
			if err != nil || len(list.Alarms) == 0 {
				return errors.Join(err, errors.New("no alarm on "+m.Name))
			}
		}
		return nil
	})
}

// lead makes the member the leader.
func lead(t *testing.T, c *etcdtest.Cluster, to *etcdtest.Member) {
	t.Helper()
	eventually(t, func() error {
		status, err := c.Client(to).Status(t.Context(), to.ClientURL)
		if err != nil || status.Leader == status.Header.MemberId {
			return err
		}
		for _, from := range c.Members {
			c.Client(from).MoveLeader(t.Context(), status.Header.MemberId) // refused by all but the leader
		}
		return errors.New(to.Name + " does not lead yet")
	})
}

func splitMembers() []fault {
	return []fault{
		{
			name: "a leader that was killed", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				lead(t, c, c.Member("m1"))
				c.Member("m1").Kill()
				waitLeader(t, c, "m2", "m3")
			},
			blame: []string{"fail reach m1: endpoint", "warn consensus cluster: tolerance"},
		},
		{
			name: "two members that hang", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				c.Member("m2").Signal(syscall.SIGSTOP)
				c.Member("m3").Signal(syscall.SIGSTOP)
			},
			blame: []string{"fail reach m2: endpoint", "fail reach m3: endpoint", "fail consensus cluster: quorum"},
		},
		{
			name: "a member whose peer certificate the others refuse", want: report.Fail, noStart: true,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				m := c.Member("m3")
				m.Peer = etcdtest.NewCA(t, "another CA").Issue(t, etcdtest.Template("m3", "m3", m.IP, "127.0.0.1"))
			},
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				for _, m := range c.Members {
					m.Start()
				}
				c.Member("m1").WaitReady()
				c.Member("m2").WaitReady()
			},
			blame: []string{"fail reach m3: endpoint", "warn consensus cluster: tolerance"},
		},
	}
}

// waitLeader waits until the members agree on a leader that is one of them.
func waitLeader(t *testing.T, c *etcdtest.Cluster, names ...string) {
	t.Helper()
	eventually(t, func() error {
		leaders := map[uint64]bool{}
		ids := map[uint64]bool{}
		for _, name := range names {
			m := c.Member(name)
			status, err := c.Client(m).Status(t.Context(), m.ClientURL)
			if err != nil {
				return err
			}
			leaders[status.Leader], ids[status.Header.MemberId] = true, true
		}
		for leader := range leaders {
			if len(leaders) == 1 && ids[leader] {
				return nil
			}
		}
		return errors.New("no common leader yet")
	})
}

// waitKey waits until the member itself has the key.
func waitKey(t *testing.T, c *etcdtest.Cluster, m *etcdtest.Member, key string) {
	t.Helper()
	eventually(t, func() error {
		got, err := c.Client(m).Get(t.Context(), key)
		if err == nil && got.Count == 0 {
			err = errors.New("no such key yet")
		}
		return err
	})
}

func wrongSettings() []fault {
	return []fault{
		{
			name: "another quota than expected", members: 1, want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect.Settings = map[string]string{"ETCD_QUOTA_BACKEND_BYTES": "8589934592"}
			},
			blame: []string{"fail settings m1: quota"},
		},
		{
			name: "another quota than the other members'", want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) { c.Member("m2").Flags["quota-backend-bytes"] = "4294967296" },
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect, o.Endpoints = nil, c.Endpoints()
			},
			blame: []string{"fail settings m2: quota"},
		},
		{
			name: "a feature gate that is not on", members: 1, since36: true, want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect.Settings = map[string]string{"ETCD_FEATURE_GATES": "InitialCorruptCheck=true"}
			},
			blame: []string{"fail settings m1: feature gates"},
		},
		{
			name: "a feature gate that only one member has on", since36: true, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				c.Member("m2").Flags["feature-gates"] = "InitialCorruptCheck=true"
			},
			blame: []string{"fail settings m2: feature gates"},
		},
		{
			name: "a flag that replaces an expected setting", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) { c.Member("m1").Flags["heartbeat-interval"] = "150" },
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect.Settings = map[string]string{"ETCD_HEARTBEAT_INTERVAL": "100"}
			},
			blame: []string{"fail settings m1: command line"},
		},
		{
			name: "a member that does not sync its log", members: 1, want: report.Pass,
			before: func(t *testing.T, c *etcdtest.Cluster) { c.Member("m1").Flags["unsafe-no-fsync"] = "true" },
			blame:  []string{"warn settings m1: command line"},
		},
		{
			name: "a further listener without TLS that nobody is told of", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				c.Member("m1").Flags["listen-client-urls"] += ",http://" + c.Member("m1").IP + ":2381"
			},
			blame: []string{"fail closed m1: listen URLs"},
		},
	}
}

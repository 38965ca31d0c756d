package checks_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/verify/checks"
	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// cluster is a healthy cluster of three members m1, m2, m3 at 10.0.0.1, .2, .3, looked at without TLS probes.
func cluster() *facts.Cluster {
	c := &facts.Cluster{At: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)}
	var rows []facts.Row
	for i := range 3 {
		ip := fmt.Sprintf("10.0.0.%d", i+1)
		rows = append(rows, facts.Row{
			ID: uint64(i + 1), Name: fmt.Sprintf("m%d", i+1),
			PeerURLs: []string{"https://" + ip + ":2380"}, ClientURLs: []string{"https://" + ip + ":2379"},
		})
	}
	for i, row := range rows {
		c.Endpoints = append(c.Endpoints, &facts.Endpoint{
			URL: row.ClientURLs[0], Linear: facts.MemberList{Rows: rows}, Local: facts.MemberList{Rows: rows},
			Status: &facts.Status{
				ClusterID: 7, MemberID: uint64(i + 1), Version: "3.6.14", DBSize: 1 << 20, DBInUse: 1 << 19, Quota: 2 << 30,
				Leader: 1, Term: 2, Index: 100, Applied: 100,
			},
		})
	}
	c.Canary.Skipped = "not in this test"
	return c
}

// blamed judges the facts and lists what is neither pass nor skip.
func blamed(c *facts.Cluster) []string {
	var out []string
	for _, r := range checks.Judge(c, checks.All(checks.DefaultLimits())) {
		if r.Verdict != report.Pass && r.Verdict != report.Skip {
			out = append(out, fmt.Sprintf("%s %s %s: %s: %s", r.Verdict, r.Check, r.Where(), r.Subject, r.Seen))
		}
	}
	return out
}

// rows replaces every member list by what change makes of it.
func rows(c *facts.Cluster, change func([]facts.Row) []facts.Row) {
	for _, e := range c.Endpoints {
		e.Linear.Rows = change(append([]facts.Row{}, e.Linear.Rows...))
		e.Local.Rows = e.Linear.Rows
	}
}

func TestWhatRealProcessesDoNotShowInATestIsJudgedToo(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*facts.Cluster)
		want   []string
	}{
		{"a healthy cluster", func(*facts.Cluster) {}, nil},
		{"loopback is advertised to other machines", func(c *facts.Cluster) {
			rows(c, func(r []facts.Row) []facts.Row { r[1].ClientURLs = []string{"https://localhost:2379"}; return r })
		}, []string{"fail membership m2: advertised URLs: localhost"}},
		{"loopback is advertised on one machine", func(c *facts.Cluster) {
			rows(c, func(r []facts.Row) []facts.Row {
				for i := range r {
					r[i].PeerURLs, r[i].ClientURLs = []string{"https://127.0.0.1:2380"}, []string{"https://127.0.0.1:2379"}
				}
				return r
			})
		}, nil},
		{"the unspecified address is advertised", func(c *facts.Cluster) {
			rows(c, func(r []facts.Row) []facts.Row { r[2].PeerURLs = []string{"https://[::]:2380"}; return r })
		}, []string{"fail membership m3: advertised URLs: ::"}},
		{"a learner nobody expects or forbids", func(c *facts.Cluster) {
			rows(c, func(r []facts.Row) []facts.Row { r[2].Learner = true; return r })
		}, []string{"warn membership m3: row in the member list: a learner"}},
		{"a member that was removed and does not know it", func(c *facts.Cluster) {
			rows(c, func(r []facts.Row) []facts.Row { return r[:2] })
		}, []string{"fail membership 10.0.0.3:2379: member ID: 0000000000000003 is in no row"}},
		{"a member that missed the last change", func(c *facts.Cluster) {
			c.Endpoints[2].Local.Rows = c.Endpoints[2].Local.Rows[1:]
		}, []string{"fail membership m3: own member list: " +
			"m2, voter, peers at https://10.0.0.2:2380, clients at https://10.0.0.2:2379; " +
			"m3, voter, peers at https://10.0.0.3:2380, clients at https://10.0.0.3:2379"}},
		{"one member twice", func(c *facts.Cluster) { c.Endpoints[2].Status.MemberID = 2 }, []string{
			"warn membership m2: member ID: 0000000000000002, the same as at https://10.0.0.3:2379",
			"warn membership m2: member ID: 0000000000000002, the same as at https://10.0.0.2:2379",
			"warn consensus cluster: tolerance: survives the loss of 0 more of 3 members",
		}},
		{"two clusters of which one knows itself alone", func(c *facts.Cluster) {
			c.Endpoints = c.Endpoints[1:]
			c.Endpoints[0].Status.ClusterID = 8
			c.Endpoints[0].Linear.Rows, c.Endpoints[0].Local.Rows = c.Endpoints[0].Linear.Rows[1:2], c.Endpoints[0].Local.Rows[1:2]
		}, []string{"fail membership m2: cluster ID: 0000000000000008"}},
		{"a member without a leader", func(c *facts.Cluster) { c.Endpoints[1].Status.Leader = 0 },
			[]string{"warn consensus cluster: tolerance: survives the loss of 0 more of 3 members",
				"fail consensus m2: leader: it knows no leader"}},
		{"two leaders", func(c *facts.Cluster) { c.Endpoints[1].Status.Leader, c.Endpoints[1].Status.Term = 2, 3 },
			[]string{"fail consensus cluster: leader: m1 says m1 in term 2, m2 says m2 in term 3"}},
		{"a member that lags", func(c *facts.Cluster) { c.Endpoints[0].Status.Applied = 5100 }, []string{
			"warn consensus m2: applied index: 5000 behind", "warn consensus m3: applied index: 5000 behind",
		}},
		{"corrupt data", func(c *facts.Cluster) {
			for _, e := range c.Endpoints {
				e.Alarms.Raised = []facts.Alarm{{MemberID: 2, Kind: "CORRUPT"}}
				e.Status.Errors = []string{"memberID:2 alarm:CORRUPT "}
			}
		}, []string{"fail health m2: alarm: CORRUPT"}},
		{"another complaint", func(c *facts.Cluster) { c.Endpoints[0].Status.Errors = []string{"out of paper"} },
			[]string{"fail health m1: own errors: out of paper"}},
		{"a database near its quota", func(c *facts.Cluster) {
			c.Endpoints[0].Status.DBSize, c.Endpoints[0].Status.DBInUse = 1800<<20, 1700<<20
		},
			[]string{"warn health m1: database size: 1.8 GiB, 88 % of the quota of 2.0 GiB"}},
		{"a database at its quota by the metrics", func(c *facts.Cluster) {
			c.Endpoints[0].Status.Quota, c.Endpoints[0].Metrics.Quota = 0, 1<<20
		}, []string{"fail health m1: database size: 1.0 MiB, 100 % of the quota of 1.0 MiB",
			"fail settings m1: quota: 1.0 MiB (1048576)"}},
		{"a database that is mostly holes", func(c *facts.Cluster) { c.Endpoints[0].Status.DBSize = 200 << 20 },
			[]string{"warn health m1: fragmentation: 512 KiB of 200 MiB in use"}},
		{"a slow disk", func(c *facts.Cluster) {
			c.Endpoints[0].Metrics.Fsync = facts.Latency{Samples: 1000, P99: 32 * time.Millisecond}
			c.Endpoints[1].Metrics.Fsync = facts.Latency{Samples: 10, P99: 32 * time.Millisecond}
		}, []string{"warn health m1: fsync of the log: 99 % within 32ms, of 1000"}},
		{"a clock that is wrong", func(c *facts.Cluster) {
			c.Endpoints[0].Metrics.HasClock, c.Endpoints[0].Metrics.Skew = true, -time.Hour
		},
			[]string{"warn health m1: clock: 1h0m0s behind the clock here"}},
		{"a version that loses data", func(c *facts.Cluster) { version(c, "3.5.1") },
			[]string{"fail health m1: version: 3.5.1", "fail health m2: version: 3.5.1", "fail health m3: version: 3.5.1"}},
		{"a version without fixes", func(c *facts.Cluster) { version(c, "3.4.45") },
			[]string{"warn health m1: version: 3.4.45", "warn health m2: version: 3.4.45", "warn health m3: version: 3.4.45"}},
		{"an open port that says nothing", func(c *facts.Cluster) {
			c.Endpoints[0].Client.Probes = []facts.Probe{{Kind: facts.Anonymous, Outcome: facts.NoAnswer}}
		}, []string{"undetermined closed m1: client port with no certificate: no answer"}},
		{"clients' certificates open the peer port, by nobody's wish", func(c *facts.Cluster) {
			c.Endpoints[0].Peers = []facts.Port{{Probes: []facts.Probe{{Kind: facts.ClientCert, Outcome: facts.Accepted}}}}
		}, []string{"warn closed m1: peer port with a client certificate: accepted"}},
		{"clients' certificates open the peer port, by wish", func(c *facts.Cluster) {
			c.Endpoints[0].Peers = []facts.Port{{Probes: []facts.Probe{{Kind: facts.ClientCert, Outcome: facts.Accepted}}}}
			c.Expect = &expect.Cluster{}
			for _, row := range c.Rows() {
				m := expect.Member{Name: row.Name, PeerURLs: row.PeerURLs, ClientURLs: row.ClientURLs}
				c.Expect.Members = append(c.Expect.Members, m)
			}
		}, nil},
		{"what was written is not read", func(c *facts.Cluster) {
			c.Canary = facts.Canary{
				Writes: []facts.CanaryWrite{{Endpoint: c.Endpoints[0]}},
				Reads:  []facts.CanaryRead{{Endpoint: c.Endpoints[1], Missing: c.Endpoints[:1]}},
			}
		}, []string{"fail canary m2: serializable read: not what was written through m1"}},
		{"a canary that could not be removed", func(c *facts.Cluster) {
			c.Canary = facts.Canary{Cleanup: &facts.Fault{Words: "the call failed"}}
		}, []string{"warn canary cluster: removal: the call failed"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := cluster()
			test.change(c)
			if diff := cmp.Diff(test.want, blamed(c)); diff != "" {
				t.Errorf("what is blamed differs (-want +got):\n%s", diff)
			}
		})
	}
}

func version(c *facts.Cluster, v string) {
	for _, e := range c.Endpoints {
		e.Status.Version = v
	}
}

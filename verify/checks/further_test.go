package checks_test

import (
	"io/fs"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/verify/checks"
	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// hashed gives the cluster a hash per member.
func hashed(c *facts.Cluster, sums ...uint32) {
	for i, sum := range sums {
		c.Data.Hashes = append(c.Data.Hashes, facts.Hash{Endpoint: c.Endpoints[i], Revision: 9, Compact: 3, Sum: sum})
	}
}

func TestHashesAndCountersAreJudged(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*facts.Cluster)
		want   []string
	}{
		{"equal hashes", func(c *facts.Cluster) { hashed(c, 1, 1, 1) }, nil},
		{"one that differs", func(c *facts.Cluster) { hashed(c, 1, 2, 1) },
			[]string{"fail data m2: hash: 00000002 at revision 9, compacted at 3"}},
		{"one that differs and is of a version that hashes otherwise", func(c *facts.Cluster) {
			hashed(c, 1, 2, 1)
			version(c, "3.5.35")
			c.Endpoints[1].Status.Version = "3.5.15"
		}, []string{"fail health m2: version: 3.5.15",
			"undetermined data cluster: hash: the members' hashes differ, as their versions may"}},
		{"one that differs and is of another version that hashes alike", func(c *facts.Cluster) {
			hashed(c, 1, 2, 1)
			version(c, "3.5.35")
			c.Endpoints[1].Status.Version = "3.5.16"
		}, []string{"fail health m2: version: 3.5.16", "fail data m2: hash: 00000002 at revision 9, compacted at 3"}},
		{"three that differ", func(c *facts.Cluster) { hashed(c, 1, 2, 3) },
			[]string{"fail data cluster: hash: the members' data differs, and no hash has a majority"}},
		{"another compact revision is not compared", func(c *facts.Cluster) {
			hashed(c, 1, 2, 1)
			c.Data.Hashes[1].Compact = 4
		}, []string{"undetermined data cluster: hash: compactions were faster than the members could be compared"}},
		{"a revision that is compacted away", func(c *facts.Cluster) {
			hashed(c, 1, 0, 1)
			c.Data.Hashes[1].Fault = &facts.Fault{Kind: facts.Moved}
		}, []string{"undetermined data cluster: hash: compactions were faster than the members could be compared"}},
		{"a database too large for the time", func(c *facts.Cluster) {
			hashed(c, 1, 0, 1)
			c.Data.Hashes[1].Fault = &facts.Fault{Kind: facts.Mute}
		}, nil},
		{"too few rights", func(c *facts.Cluster) {
			hashed(c, 1, 0, 1)
			c.Data.Hashes[1].Fault = &facts.Fault{Kind: facts.Denied}
		}, nil},
		{"a call that fails", func(c *facts.Cluster) {
			hashed(c, 1, 0, 1)
			c.Data.Hashes[1].Fault = &facts.Fault{Words: "the member closes the connection"}
		}, []string{"undetermined data m2: hash: the member closes the connection"}},
		{"a leader that changes each minute", func(c *facts.Cluster) {
			c.Endpoints[0].Metrics.LeaderChanges, c.Endpoints[0].Metrics.Uptime = 60, time.Hour
		}, []string{"warn health m1: leader changes: 60 since it started 1h0m0s ago"}},
		{"a leader that changed at times in a year", func(c *facts.Cluster) {
			c.Endpoints[0].Metrics.LeaderChanges, c.Endpoints[0].Metrics.Uptime = 60, 365*24*time.Hour
		}, nil},
		{"elections of first boot", func(c *facts.Cluster) {
			c.Endpoints[0].Metrics.LeaderChanges, c.Endpoints[0].Metrics.Uptime = 3, time.Second
		}, nil},
		{"a setting that cannot be seen", func(c *facts.Cluster) {
			for _, row := range c.Rows() {
				m := expect.Member{Name: row.Name, PeerURLs: row.PeerURLs, ClientURLs: row.ClientURLs}
				if c.Expect == nil {
					c.Expect = &expect.Cluster{Settings: map[string]string{"ETCD_HEARTBEAT_INTERVAL": "100", "ETCD_FEATURE_GATES": "X=true"}}
				}
				c.Expect.Members = append(c.Expect.Members, m)
			}
		}, nil},
		{"a flag in two words", func(c *facts.Cluster) {
			c.Endpoints[0].CommandLine = []string{"etcd", "--force-new-cluster", "--name", "m1"}
		},
			[]string{"fail settings m1: command line: --force-new-cluster=true"}},
		{"metrics in clear", func(c *facts.Cluster) {
			for i, u := range []string{"http://0.0.0.0:2381", "http://127.0.0.1:2381", "https://10.0.0.3:2381"} {
				c.Endpoints[i].CommandLine = []string{"etcd", "--listen-metrics-urls=" + u}
			}
		}, []string{"warn closed m1: metrics URLs: http://0.0.0.0:2381"}},
		{"a flag that says no", func(c *facts.Cluster) { c.Endpoints[0].CommandLine = []string{"etcd", "-unsafe-no-fsync=false"} }, nil},
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

// host is a right one.
func host() *facts.Host {
	want := expect.File{Path: "/usr/local/bin/etcd", Mode: "0755", Owner: "root", Group: "root"}
	return &facts.Host{
		Member:   expect.Member{Name: "m1"},
		Binaries: []facts.HostFile{{Want: want, Mode: 0o755, Owner: "root", Group: "root"}},
		Units: []facts.HostUnit{
			{Name: "etcdbake-first-boot.service", Load: "loaded", Active: "inactive", Sub: "dead", Enabled: "enabled", Result: "success"},
			{Name: "etcd.service", Load: "loaded", Active: "active", Sub: "running", Enabled: "enabled", Result: "success",
				Running: "/usr/local/bin/etcd"},
		},
		Record: facts.HostRecord{File: facts.HostFile{Missing: true, Fault: "no such file or directory"}},
		Clock:  facts.HostClock{Synchronised: true},
	}
}

func TestUnitsProgramsAndTheClockOfAHostAreJudged(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*facts.Host)
		want   []string
	}{
		{"nothing", func(*facts.Host) {}, nil},
		{"etcd is stopped", func(h *facts.Host) { h.Units[1].Active, h.Units[1].Sub = "inactive", "dead" },
			[]string{"fail host m1: etcd.service: inactive (dead), enabled, result success, restarted 0 times"}},
		{"etcd has failed", func(h *facts.Host) {
			h.Units[1].Active, h.Units[1].Sub, h.Units[1].Result = "failed", "failed", "exit-code"
		},
			[]string{"fail host m1: etcd.service: failed (failed), enabled, result exit-code, restarted 0 times"}},
		{"etcd starts again and again", func(h *facts.Host) {
			h.Units[1].Active, h.Units[1].Sub, h.Units[1].Restarts = "activating", "auto-restart", 7
		}, []string{"fail host m1: etcd.service: activating (auto-restart), enabled, result success, restarted 7 times"}},
		{"etcd was restarted", func(h *facts.Host) { h.Units[1].Restarts = 2 },
			[]string{"warn host m1: etcd.service: active (running), enabled, result success, restarted 2 times"}},
		{"etcd will not start at boot", func(h *facts.Host) { h.Units[1].Enabled = "disabled" },
			[]string{"fail host m1: etcd.service: active (running), disabled, result success, restarted 0 times"}},
		{"no such unit", func(h *facts.Host) { h.Units[1].Load = "not-found" },
			[]string{"fail host m1: etcd.service: not-found"}},
		{"first boot has failed", func(h *facts.Host) {
			h.Units[0].Active, h.Units[0].Sub, h.Units[0].Result = "failed", "failed", "exit-code"
		},
			[]string{"fail host m1: etcdbake-first-boot.service: failed (failed), enabled, result exit-code, restarted 0 times"}},
		{"no systemd", func(h *facts.Host) {
			h.Units[0].Fault, h.Units[1].Fault, h.Clock.Fault = "no systemctl", "no systemctl", "no timedatectl"
		}, nil},
		{"a program that was replaced", func(h *facts.Host) { h.Units[1].Running += " (deleted)" },
			[]string{"warn host m1: /usr/local/bin/etcd: it was replaced since etcd.service started"}},
		{"a program that others may write", func(h *facts.Host) { h.Binaries[0].Mode = 0o777 },
			[]string{"fail host m1: /usr/local/bin/etcd: mode 0777"}},
		{"a program that runs as root", func(h *facts.Host) { h.Binaries[0].Mode |= fs.ModeSetuid },
			[]string{"fail host m1: /usr/local/bin/etcd: mode 4755"}},
		{"a file that we may not read", func(h *facts.Host) { h.Binaries[0].Fault, h.Binaries[0].Denied = "permission denied", true },
			[]string{"undetermined host m1: /usr/local/bin/etcd: not readable for us"}},
		{"a further listener", func(h *facts.Host) {
			h.Member.ClientURLs = []string{"https://10.0.0.1:2379"}
			h.Units[1].Listeners.Addresses = []netip.AddrPort{
				netip.MustParseAddrPort("0.0.0.0:2379"), netip.MustParseAddrPort("0.0.0.0:2381"),
			}
		}, []string{"fail host m1: etcd.service listeners: 0.0.0.0:2381"}},
		{"a clock that nobody sets", func(h *facts.Host) { h.Clock.Synchronised = false },
			[]string{"warn host m1: time synchronisation: it is not"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := cluster()
			c.Host = host()
			test.change(c.Host)
			if diff := cmp.Diff(test.want, blamed(c)); diff != "" {
				t.Errorf("what is blamed differs (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheDefaultLimitsAreValidAndEveryResultHasItsCheck(t *testing.T) {
	if err := checks.DefaultLimits().Validate(); err != nil {
		t.Error(err)
	}
	c := cluster()
	c.Host = host()
	seen := map[string]bool{}
	for _, r := range checks.Judge(c, checks.All(checks.DefaultLimits())) {
		seen[r.Check] = true
		if r.Verdict == report.Fail && r.Hint == "" {
			t.Errorf("no hint: %+v", r)
		}
	}
	for _, check := range checks.All(checks.DefaultLimits()) {
		about := check.About()
		if !seen[about.Name] && about.Name != "closed" || about.Proves == "" || about.Needs == "" {
			t.Errorf("%+v says nothing", about)
		}
	}
}

package verify_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdbake/etcdbake/tools/etcdbin"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/report"
)

// fault is one thing that can be wrong with a cluster. Everything that is not as it should be is listed, and nothing else
// may be.
type fault struct {
	name    string
	version string // every version of -etcd where it is empty
	since36 bool   // older versions do not show it
	members int    // 3 where it is 0
	// before changes the cluster before it starts; noStart leaves starting it to the fault itself.
	before  func(*testing.T, *etcdtest.Cluster)
	noStart bool
	// inject breaks the healthy cluster, and may change what is asked.
	inject func(*testing.T, *etcdtest.Cluster, *verify.Options)
	want   report.Verdict
	// blame are the results that are neither pass nor skip: "verdict check member: subject".
	blame []string
}

func faults() []fault {
	return slices.Concat(lostMembers(), wrongMembers(), wrongCertificates(), openDoors(), wrongCredentials(),
		wrongData(), wrongSettings(), splitMembers(), forcedMembers(), disturbedMembers(),
		brokenLinks(), wrongAddresses(), endingCertificates(), strangeStates())
}

// versions are what the matrix runs against; `make faults` names all that are pinned in tools/.
var versions = flag.String("etcd", "3.6.14", "etcd versions to run the fault matrix against, separated by commas")

// otherVersion is one that may be in the same cluster: the next minor, in whatever direction.
func otherVersion(version string) string {
	if strings.HasPrefix(version, "3.6.") {
		return "3.5.35"
	}
	return "3.6.14"
}

func TestEveryFaultIsFoundBlamedOnItsMemberAndNothingElseIs(t *testing.T) {
	for version := range strings.SplitSeq(*versions, ",") {
		t.Run(version, func(t *testing.T) { everyFault(t, version) })
	}
}

func everyFault(t *testing.T, version string) {
	slots := make(chan struct{}, 4) // members are slow to elect a leader where too many start at once
	for _, f := range faults() {
		if f.version != "" && f.version != version || f.since36 && version < "3.6" {
			continue
		}
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			slots <- struct{}{}
			defer func() { <-slots }()
			c := newCluster(t, version, cmp.Or(f.members, 3))
			if f.before != nil {
				f.before(t, c)
			}
			o := verify.Options{Expect: c.Expect(), Credentials: c.Credentials(), Timeout: 8 * time.Second}
			if !f.noStart {
				c.Start()
			}
			if f.inject != nil {
				f.inject(t, c, &o)
			}
			r := run(t, o)
			if r.Verdict != f.want {
				t.Errorf("verdict is %s, want %s", r.Verdict, f.want)
			}
			if diff := gocmp.Diff(addressed(c, f.blame), blamed(r)); diff != "" {
				t.Errorf("what is blamed differs (-want +got):\n%s", diff)
			}
			noDeadlines(t, r)
			if t.Failed() {
				show(t, r)
			}
		})
	}
}

func run(t *testing.T, o verify.Options) *verify.Report {
	t.Helper()
	r, err := verify.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// blamed lists what is neither pass nor skip.
func blamed(r *verify.Report) []string {
	var out []string
	for _, x := range r.Results {
		if x.Verdict != report.Pass && x.Verdict != report.Skip {
			out = append(out, fmt.Sprintf("%s %s %s: %s", x.Verdict, x.Check, x.Where(), x.Subject))
		}
	}
	return out
}

// addressed puts in addresses for the members that have no name for us: %m1% is a client's, %m1peer% a peer's.
func addressed(c *etcdtest.Cluster, blame []string) []string {
	var out []string
	for _, b := range blame {
		for i := range 4 {
			ip := c.Members[0].IP[:strings.LastIndexByte(c.Members[0].IP, '.')+1] + strconv.Itoa(i+1)
			b = strings.ReplaceAll(b, fmt.Sprintf("%%m%d%%", i+1), ip+":2379")
			b = strings.ReplaceAll(b, fmt.Sprintf("%%m%dpeer%%", i+1), "https://"+ip+":2380")
		}
		out = append(out, b)
	}
	return out
}

func lostMembers() []fault {
	return []fault{
		{
			name: "a stopped member", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) { c.Member("m2").Kill() },
			blame:  []string{"fail reach m2: endpoint", "warn consensus cluster: tolerance"},
		},
		{
			name: "a member that hangs", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) { c.Member("m2").Signal(syscall.SIGSTOP) },
			blame:  []string{"fail reach m2: endpoint", "warn consensus cluster: tolerance"},
		},
		{
			name: "two killed members", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				c.Member("m1").Kill()
				c.Member("m2").Kill()
			},
			blame: []string{"fail reach m1: endpoint", "fail reach m2: endpoint", "fail consensus cluster: quorum"},
		},
		{
			name: "nothing runs at all", want: report.Fail, noStart: true,
			blame: []string{"fail reach m1: endpoint", "fail reach m2: endpoint", "fail reach m3: endpoint",
				"fail consensus cluster: quorum"},
		},
		{
			name: "a member that boots with another token never joins", want: report.Fail, noStart: true,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				c.Member("m3").Flags["initial-cluster-token"] = "another"
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

func wrongMembers() []fault {
	return []fault{
		{
			name: "a member that was wiped and reborn as its own cluster", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				m := c.Member("m3")
				m.Kill()
				m.Wipe()
				m.Flags["initial-cluster"] = "m3=" + m.PeerURL
				m.Start()
				m.WaitReady()
			},
			blame: []string{"fail membership m3: cluster ID", "warn consensus cluster: tolerance"},
		},
		{
			name: "a member that was added and never started", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				addMember(t, c, c.Add(), false)
			},
			blame: []string{"fail membership %m4peer%: row in the member list", "warn consensus cluster: tolerance"},
		},
		{
			name: "an expected member that was added and never started", members: 1, want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				m := c.Add()
				addMember(t, c, m, false)
				c.Members = append(c.Members, m)
				o.Expect = c.Expect()
			},
			blame: []string{"fail reach m2: endpoint", "fail membership m2: row in the member list",
				"fail consensus cluster: quorum"},
		},
		{
			name: "an extra voter", members: 1, want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				m := c.Add()
				m.Flags["initial-cluster"] = c.InitialCluster() + ",m2=" + m.PeerURL
				addMember(t, c, m, false)
				m.Start()
				m.WaitReady()
			},
			blame: []string{"fail membership m2: row in the member list"},
		},
		{
			name: "a learner", members: 1, want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				m := c.Add()
				m.Flags["initial-cluster"] = c.InitialCluster() + ",m2=" + m.PeerURL
				addMember(t, c, m, true)
				m.Start()
				waitLearner(t, c, m)
				c.Members = append(c.Members, m)
				o.Expect = c.Expect()
			},
			blame: []string{"fail membership m2: row in the member list"},
		},
		{
			name: "a removed member", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				client, id := c.Client(c.Member("m1")), memberID(t, c, "m3")
				eventually(t, func() error { _, err := client.MemberRemove(t.Context(), id); return err })
				c.Member("m3").Kill()
			},
			blame: []string{"fail reach m3: endpoint", "fail membership m3: row in the member list"},
		},
		{
			name: "an advertised address that nobody can dial", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				c.Member("m1").Flags["advertise-client-urls"] = "https://0.0.0.0:2379"
			},
			blame: []string{"fail membership m1: row in the member list", "fail membership m1: advertised URLs"},
		},
		{
			name: "an endpoint that leads to another member", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				m := &o.Expect.Members
				(*m)[0].ClientURLs, (*m)[1].ClientURLs = (*m)[1].ClientURLs, (*m)[0].ClientURLs
				(*m)[0].Server, (*m)[1].Server = (*m)[1].Server, (*m)[0].Server
			},
			blame: []string{
				"fail membership m1: member ID", "fail membership m2: member ID",
				"fail membership m1: row in the member list", "fail membership m2: row in the member list",
			},
		},
		{
			name: "a member of another version", want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				c.Member("m2").Etcd = etcdbin.Need(t, otherVersion(c.Version)).Etcd
			},
			blame: []string{"fail health m2: version"},
		},
		{
			name: "another version than expected", members: 1, want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) { o.Expect.EtcdVersion = "3.6.13" },
			blame:  []string{"fail health m1: version"},
		},
		{
			name: "a full database", members: 1, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) { c.Member("m1").Flags["quota-backend-bytes"] = "100000" },
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) { fill(t, c) },
			blame:  []string{"fail health m1: alarm"},
		},
	}
}

// fill writes until the database is full, and the alarm raised.
func fill(t *testing.T, c *etcdtest.Cluster) {
	t.Helper()
	client := c.Client(c.Member("m1"))
	eventually(t, func() error { // the alarm follows the first refused write, which follows a commit of the database
		for range 10 {
			client.Put(t.Context(), "k", string(make([]byte, 50000)))
		}
		list, err := client.AlarmList(t.Context())
		if err == nil && len(list.Alarms) == 0 {
			err = errors.New("no alarm is raised")
		}
		return err
	})
}

func addMember(t *testing.T, c *etcdtest.Cluster, m *etcdtest.Member, learner bool) {
	t.Helper()
	add := c.Client(c.Members...).MemberAdd
	if learner {
		add = c.Client(c.Members...).MemberAddAsLearner
	}
	eventually(t, func() error { _, err := add(t.Context(), []string{m.PeerURL}); return err })
}

// eventually repeats do: etcd refuses a change of membership in the first seconds after an election ("unhealthy cluster").
func eventually(t *testing.T, do func() error) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := do()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func waitLearner(t *testing.T, c *etcdtest.Cluster, m *etcdtest.Member) {
	t.Helper()
	client := c.Client(m)
	eventually(t, func() error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err := client.Get(ctx, "k", clientv3.WithSerializable())
		return err
	})
}

func memberID(t *testing.T, c *etcdtest.Cluster, name string) uint64 {
	t.Helper()
	list, err := c.Client(c.Member("m1")).MemberList(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range list.Members {
		if m.Name == name {
			return m.ID
		}
	}
	t.Fatalf("no member %s", name)
	return 0
}

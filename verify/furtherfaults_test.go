package verify_test

import (
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	bolt "go.etcd.io/bbolt"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/checks"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/report"
)

// brokenLinks are between members that all answer us.
func brokenLinks() []fault {
	return []fault{
		{
			name: "two followers that cannot talk to each other", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				lead(t, c, c.Member("m1"))
				m := c.Member("m2")
				m.Stop()
				m.Flags["peer-cert-allowed-cn"] = "m1" // refuses m3, in both directions
				m.Start()
				m.WaitReady()
				lead(t, c, c.Member("m1"))
			},
			blame: []string{
				"fail consensus m2: connections to peers", "fail consensus m3: connections to peers",
				"warn settings m2: command line",
			},
		},
		{
			name: "a member that is cut off from its peers", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				m := c.Member("m3")
				leaf := etcdtest.NewCA(t, "another CA").Issue(t, etcdtest.Template("m3", "m3", m.IP, "127.0.0.1"))
				must(t, os.WriteFile(m.Flags["peer-cert-file"], leaf.CertPEM, 0o600))
				must(t, os.WriteFile(m.Flags["peer-key-file"], leaf.KeyPEM, 0o600))
				for _, name := range []string{"m1", "m2"} {
					c.Member(name).Stop()
				}
				for _, name := range []string{"m1", "m2"} {
					c.Member(name).Start()
				}
				waitLeader(t, c, "m1", "m2")
			},
			blame: []string{
				"fail identity m3: peer certificate: fingerprint", "warn consensus cluster: tolerance", "fail consensus m3: leader",
			},
		},
		{
			name: "a slow link to one member", want: report.Pass, version: "3.6.14", // etcd measures every four seconds
			before: func(t *testing.T, c *etcdtest.Cluster) {
				m := c.Member("m3")
				proxy(t, m.IP+":2390", m.IP+":2380", 200*time.Millisecond)
				m.PeerURL = "https://" + m.IP + ":2390"
				m.Flags["initial-advertise-peer-urls"] = m.PeerURL
			},
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Limits = checks.DefaultLimits()
				o.Limits.MinSamples, o.Limits.PeerRTT = 1, 20*time.Millisecond // the first measurement counts an eighth
				o.Limits.Fsync, o.Limits.Commit = time.Hour, time.Hour
				for _, name := range []string{"m1", "m2"} {
					eventually(t, func() error { return slowPeer(t, c, c.Member(name), o.Limits.PeerRTT) })
				}
			},
			blame: []string{"warn health m1: round trip to peers", "warn health m2: round trip to peers"},
		},
	}
}

// wrongAddresses are of members that run well.
func wrongAddresses() []fault {
	return []fault{
		{
			name: "a member that has another member's name", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) { rename(c.Member("m3"), "m2") },
			blame:  []string{"fail membership m3: member ID", "fail membership m3: row in the member list"},
		},
		{
			name: "a member that has another member's name, without an expectation", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				rename(c.Member("m3"), "m2")
				o.Expect, o.Endpoints = nil, c.Endpoints()
			},
			blame: []string{"fail membership m2: name"},
		},
		{
			name: "a peer URL that was changed", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				client, id := c.Client(c.Member("m1")), memberID(t, c, "m3")
				eventually(t, func() error {
					_, err := client.MemberUpdate(t.Context(), id, []string{"https://" + c.Member("m3").IP + ":2390"})
					return err
				})
			},
			blame: []string{"fail membership m3: row in the member list"},
		},
		{
			name: "two members that advertise one URL to clients", want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				c.Member("m2").Flags["advertise-client-urls"] = c.Member("m1").ClientURL
			},
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect, o.Endpoints, o.Discover = nil, c.Endpoints()[:1], true
			},
			blame: []string{"fail membership m2: advertised URLs", "warn consensus cluster: tolerance"},
		},
		{
			name: "an endpoint that is a proxy to another member", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) { standIn(t, c, "m2", "m1") },
			blame: []string{
				"fail identity m2: server certificate: fingerprint", "fail membership m2: member ID",
				"warn consensus cluster: tolerance",
			},
		},
		{
			name: "an endpoint that is a proxy to another member, without an expectation", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				standIn(t, c, "m2", "m1")
				o.Expect, o.Endpoints = nil, c.Endpoints()
			},
			blame: []string{"fail membership m2: member ID", "warn consensus cluster: tolerance"},
		},
		{
			name: "an endpoint that is a proxy to its member, without an expectation", members: 1, want: report.Pass,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				o.Expect, o.Endpoints = nil, []string{"https://" + proxy(t, "127.0.0.1:0", c.Member("m1").IP+":2379", 0)}
			},
		},
	}
}

func endingCertificates() []fault {
	past, soon := time.Now().Add(-time.Minute), time.Now().Add(20*24*time.Hour)
	start := func(t *testing.T, c *etcdtest.Cluster) {
		c.Member("m1").Start()
		waitListening(t, c.Member("m1"))
	}
	return []fault{
		{
			name: "a CA that has expired", members: 1, want: report.Fail, noStart: true,
			before: func(t *testing.T, c *etcdtest.Cluster) { c.CA = c.CA.Until(t, past) },
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) { start(t, c) },
			blame:  []string{"fail identity cluster: CA: validity"},
		},
		{
			name: "a CA that has expired, without an expectation", members: 1, want: report.Fail, noStart: true,
			before: func(t *testing.T, c *etcdtest.Cluster) { c.CA = c.CA.Until(t, past) },
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				start(t, c)
				o.Expect, o.Endpoints = nil, c.Endpoints()
			},
			blame: []string{"fail identity cluster: CA: validity"},
		},
		{
			name: "CAs that end soon", members: 1, want: report.Pass,
			before: func(t *testing.T, c *etcdtest.Cluster) { c.CA, c.PeerCA = c.CA.Until(t, soon), c.PeerCA.Until(t, soon) },
			blame:  []string{"warn identity cluster: CA: validity", "warn identity cluster: peer CA: validity"},
		},
		{
			name: "a client's certificate that ends soon", members: 1, want: report.Pass,
			inject: func(t *testing.T, c *etcdtest.Cluster, o *verify.Options) {
				client := &o.Expect.Clients[0].Certificate
				client.NotBefore, client.NotAfter = soon.Add(-365*24*time.Hour), soon
			},
			blame: []string{"warn identity cluster: certificate of client verify: validity"},
		},
		{
			name: "a key that is too short", members: 1, want: report.Pass,
			before: func(t *testing.T, c *etcdtest.Cluster) {
				m := c.Member("m1")
				key, err := rsa.GenerateKey(rand.Reader, 1024)
				must(t, err)
				m.Server = c.CA.IssueFor(t, etcdtest.Template("m1", "m1", m.IP, "localhost", "127.0.0.1"), key)
			},
			blame: []string{"warn identity m1: server certificate: strength"},
		},
	}
}

// strangeStates are of a member's database, and of one that works on it.
func strangeStates() []fault {
	return []fault{
		{
			name: "a flag that only one member has", want: report.Pass,
			before: func(t *testing.T, c *etcdtest.Cluster) { c.Member("m2").Flags["heartbeat-interval"] = "150" },
			blame:  []string{"warn settings m2: command line"},
		},
		{
			name: "a member that has lost its compaction", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				client := c.Client(c.Member("m1"))
				for range 20 {
					_, err := client.Put(t.Context(), "key", "value")
					must(t, err)
				}
				_, err := client.Compact(t.Context(), 5, clientv3.WithCompactPhysical())
				must(t, err)
				waitKey(t, c, c.Member("m2"), "key")
				edit(t, c.Member("m2"), func(tx *bolt.Tx) error {
					meta, old := tx.Bucket([]byte("meta")), []byte("\x00\x00\x00\x00\x00\x00\x00\x03_\x00\x00\x00\x00\x00\x00\x00\x00")
					return errors.Join(meta.Put([]byte("finishedCompactRev"), old), meta.Put([]byte("scheduledCompactRev"), old))
				})
			},
			blame: []string{"fail data m2: compaction"},
		},
		{
			// etcd itself finds its own ID among its peers, or a log that is ahead of its own, and ends.
			name: "a member with the data of another, as on a cloned disk", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				m, other := c.Member("m2"), c.Member("m1")
				m.Stop()
				m.Wipe()
				other.Stop()
				must(t, os.CopyFS(m.Flags["data-dir"], os.DirFS(other.Flags["data-dir"])))
				other.Start()
				other.WaitReady()
				m.Start()
				m.WaitEnd()
			},
			blame: []string{"fail reach m2: endpoint", "warn consensus cluster: tolerance"},
		},
		{
			name: "authentication is on at one member alone", want: report.Fail,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				addRoot(t, c)
				edit(t, c.Member("m2"), func(tx *bolt.Tx) error {
					return tx.Bucket([]byte("auth")).Put([]byte("authEnabled"), []byte{1})
				})
			},
			blame: []string{"fail data m2: users and roles"},
		},
		{
			name: "a full database whose alarm was disarmed", members: 1, since36: true, want: report.Fail,
			before: func(t *testing.T, c *etcdtest.Cluster) { c.Member("m1").Flags["quota-backend-bytes"] = "100000" },
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				fill(t, c)
				_, err := c.Client(c.Member("m1")).AlarmDisarm(t.Context(), &clientv3.AlarmMember{})
				must(t, err)
			},
			blame: []string{"fail health m1: database size"},
		},
		{
			name: "a member that defragments all the time", want: report.Pass,
			inject: func(t *testing.T, c *etcdtest.Cluster, _ *verify.Options) {
				m := c.Member("m2")
				client := c.Client(m)
				go func() {
					for t.Context().Err() == nil {
						client.Defragment(t.Context(), m.ClientURL)
					}
				}()
			},
		},
	}
}

// slowPeer is an error until the member has measured a round trip to a peer that takes so long.
func slowPeer(t *testing.T, c *etcdtest.Cluster, m *etcdtest.Member, least time.Duration) error {
	t.Helper()
	for line := range strings.Lines(get(t, c, m, "/metrics")) {
		_, sum, ok := strings.Cut(line, "} ")
		if !ok || !strings.HasPrefix(line, "etcd_network_peer_round_trip_time_seconds_sum{") {
			continue
		}
		seconds, err := strconv.ParseFloat(strings.TrimSpace(sum), 64)
		if must(t, err); seconds > least.Seconds() {
			return nil
		}
	}
	return errors.New(m.Name + " has measured no slow round trip yet")
}

// rename restarts the member with another name.
func rename(m *etcdtest.Member, name string) {
	m.Stop()
	m.Flags["name"] = name
	m.Start()
	m.WaitReady()
}

// standIn puts a proxy to another member in the place of one that is stopped.
func standIn(t *testing.T, c *etcdtest.Cluster, stopped, other string) {
	t.Helper()
	c.Member(stopped).Stop()
	proxy(t, c.Member(stopped).IP+":2379", c.Member(other).IP+":2379", 0)
	waitLeader(t, c, slices.DeleteFunc([]string{"m1", "m2", "m3"}, func(name string) bool { return name == stopped })...)
}

// edit changes the database of a member while it is down.
func edit(t *testing.T, m *etcdtest.Member, change func(*bolt.Tx) error) {
	t.Helper()
	m.Stop()
	db, err := bolt.Open(filepath.Join(m.Flags["data-dir"], "member", "snap", "db"), 0o600, &bolt.Options{Timeout: 10 * time.Second})
	must(t, err)
	must(t, db.Update(change))
	must(t, db.Close())
	m.Start()
	m.WaitReady()
}

// proxy forwards connections that come to one address to another, with a delay each way, and returns where it listens.
func proxy(t *testing.T, from, to string, delay time.Duration) string {
	t.Helper()
	listener, err := net.Listen("tcp", from)
	must(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			in, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				out, err := net.Dial("tcp", to)
				if err != nil {
					in.Close()
					return
				}
				go pipe(out, in, delay)
				pipe(in, out, delay)
			}()
		}
	}()
	return listener.Addr().String()
}

func pipe(to, from net.Conn, delay time.Duration) {
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		time.Sleep(delay)
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func TestAMemberThatIsStoppedDuringTheCheckIsTheOnlyOneThatIsBlamed(t *testing.T) {
	t.Parallel()
	for _, after := range []time.Duration{5, 15, 30} {
		t.Run(after.String(), func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, "3.6.14", 3)
			c.Start()
			lead(t, c, c.Member("m1"))
			time.AfterFunc(after*time.Millisecond, func() { c.Member("m2").Signal(syscall.SIGSTOP) })
			r := run(t, verify.Options{Expect: c.Expect(), Credentials: c.Credentials(), Timeout: 4 * time.Second})
			for _, x := range r.Results {
				if x.Verdict != report.Pass && x.Verdict != report.Skip && x.Where() != "m2" && x.Where() != "cluster" {
					t.Errorf("%s %s %s: %s: %s", x.Verdict, x.Check, x.Where(), x.Subject, x.Seen)
				}
			}
		})
	}
}

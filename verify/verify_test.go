package verify_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/tools/etcdbin"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/output"
)

func newCluster(t *testing.T, version string, n int) *etcdtest.Cluster {
	t.Helper()
	return etcdtest.New(t, etcdbin.Need(t, version).Etcd, version, n)
}

// noDeadlines: no result may give "deadline exceeded" for a reason.
func noDeadlines(t *testing.T, r *verify.Report) {
	t.Helper()
	for _, x := range r.Results {
		if strings.Contains(x.Seen+x.Evidence, "deadline") {
			t.Errorf("%s %s: %s: the reason is no reason: %q, %q", x.Check, x.Where(), x.Subject, x.Seen, x.Evidence)
		}
	}
}

func show(t *testing.T, r *verify.Report) {
	t.Helper()
	if err := output.Table(t.Output(), r, false); err != nil {
		t.Error(err)
	}
}

// waitListening waits until the member's client port answers in whatever way.
func waitListening(t *testing.T, m *etcdtest.Member) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		conn, err := net.Dial("tcp", m.IP+":2379")
		if err == nil {
			// Before etcd is ready it accepts connections and says nothing.
			conn.SetDeadline(time.Now().Add(time.Second))
			conn.Write([]byte("GET /health HTTP/1.0\r\n\r\n"))
			n, err := conn.Read(make([]byte, 64))
			conn.Close()
			if n > 0 || err != nil && !isTimeout(err) {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s does not listen: %v", m.Name, err)
		}
	}
}

func isTimeout(err error) bool {
	ne, ok := err.(net.Error)
	return ok && ne.Timeout()
}

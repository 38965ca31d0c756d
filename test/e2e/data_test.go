//go:build e2e

package e2e

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// ask runs etcdctl beside the hosts and has it ask one of them.
func (c *cluster) ask(h *host.Host, args ...string) (string, error) {
	program := command(filepath.Join("..", "..", "etcd", version, "etcdctl"))
	cmd := c.net.Command(c.ctx, program, append([]string{
		"--endpoints=https://" + h.Address.String() + ":2379", "--dial-timeout=1s", "--command-timeout=2s",
		"--cacert=pki/ca.pem", "--cert=pki/clients/verify.pem", "--key=pki/clients/verify-key.pem",
	}, args...)...)
	cmd.Dir = c.dir
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, stderr.String())
	}
	return string(out), err
}

// identities is who the members are in etcd's own eyes.
type identities struct {
	Cluster uint64
	Members map[string]uint64
}

// identities asks every member for itself.
func (c *cluster) identities() identities {
	c.t.Helper()
	all := identities{Members: map[string]uint64{}}
	for _, h := range c.hosts {
		out, err := c.ask(h, "endpoint", "status", "--write-out=json")
		if err != nil {
			c.t.Fatal(err)
		}
		var statuses []struct {
			Status struct {
				Header struct {
					Cluster uint64 `json:"cluster_id"`
					Member  uint64 `json:"member_id"`
				}
			}
		}
		if err := json.Unmarshal([]byte(out), &statuses); err != nil || len(statuses) != 1 {
			c.t.Fatalf("%s: %v\n%s", h.Name, err, out)
		}
		header := statuses[0].Status.Header
		if all.Cluster != 0 && header.Cluster != all.Cluster {
			c.t.Errorf("%s is in cluster %x, another one in %x", h.Name, header.Cluster, all.Cluster)
		}
		all.Cluster, all.Members[h.Name] = header.Cluster, header.Member
	}
	return all
}

// writer writes keys all the time, through one member after another. It knows what was confirmed.
type writer struct {
	cluster *cluster
	end     chan struct{}
	done    sync.WaitGroup
	mu      sync.Mutex
	written []string
}

func (c *cluster) writeKeys() *writer {
	w := &writer{cluster: c, end: make(chan struct{})}
	w.done.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-w.end:
				return
			case <-time.After(20 * time.Millisecond):
				w.put(c.hosts[i%len(c.hosts)], fmt.Sprintf("cuts/%04d", i))
			}
		}
	})
	c.t.Cleanup(func() { w.stop() })
	return w
}

func (w *writer) put(h *host.Host, key string) {
	if _, err := w.cluster.ask(h, "put", key, "value of "+key); err == nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.written = append(w.written, key)
	}
}

func (w *writer) hasWritten(n int) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.written) < n {
		return errors.New("there is nobody yet who takes writes")
	}
	return nil
}

// stop may be called again.
func (w *writer) stop() {
	w.mu.Lock()
	select {
	case <-w.end:
	default:
		close(w.end)
	}
	w.mu.Unlock()
	w.done.Wait()
}

// lost returns the confirmed keys that a member does not have.
func (w *writer) lost(h *host.Host) []string {
	c := w.cluster
	c.t.Helper()
	out, err := c.ask(h, "get", "--prefix", "cuts/")
	if err != nil {
		c.t.Fatal(err)
	}
	var lost []string
	for _, key := range w.written {
		if !strings.Contains(out, key+"\nvalue of "+key+"\n") {
			lost = append(lost, key)
		}
	}
	return lost
}

package etcdtest

import (
	"bytes"
	"crypto/tls"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// startTimeout is how long a member may take to join a quorum on a machine that does much else.
const startTimeout = 60 * time.Second

// Member is one etcd process.
type Member struct {
	Name, IP           string
	ClientURL, PeerURL string
	Server, Peer       Leaf
	// Flags are etcd's command line; a test may change them before Start.
	Flags map[string]string
	// Etcd is the binary, Under the program and its arguments that it runs under, such as strace, and Env variables beside
	// the test's own.
	Etcd       string
	Under, Env []string
	cluster    *Cluster
	dir        string
	process    *exec.Cmd
	log        bytes.Buffer
}

func (c *Cluster) newMember(name, ip string) *Member {
	m := &Member{
		Name: name, IP: ip, ClientURL: "https://" + ip + ":2379", PeerURL: "https://" + ip + ":2380",
		Etcd: c.etcd, cluster: c, dir: c.t.TempDir(),
	}
	// etcd dials peers from 127.0.0.1, whatever their address in 127/8.
	m.Server = c.CA.Issue(c.t, Template(name, name, ip, "localhost", "127.0.0.1"))
	m.Peer = c.PeerCA.Issue(c.t, Template(name, name, ip, "localhost", "127.0.0.1"))
	m.Flags = map[string]string{
		"name": name, "data-dir": filepath.Join(m.dir, "data"),
		"listen-client-urls": m.ClientURL, "advertise-client-urls": m.ClientURL,
		"listen-peer-urls": m.PeerURL, "initial-advertise-peer-urls": m.PeerURL,
		"initial-cluster-token": "test", "initial-cluster-state": "new",
		"client-cert-auth": "true", "trusted-ca-file": m.path("ca.pem"),
		"cert-file": m.path("server.pem"), "key-file": m.path("server-key.pem"),
		"peer-client-cert-auth": "true", "peer-trusted-ca-file": m.path("peer-ca.pem"),
		"peer-cert-file": m.path("peer.pem"), "peer-key-file": m.path("peer-key.pem"),
		"log-level": "warn",
	}
	return m
}

func (m *Member) path(name string) string { return filepath.Join(m.dir, name) }

// Start starts the process and does not wait for it.
func (m *Member) Start() {
	t := m.cluster.t
	t.Helper()
	for name, data := range map[string][]byte{
		"ca.pem": m.cluster.CA.PEM, "peer-ca.pem": m.cluster.PeerCA.PEM,
		"server.pem": m.Server.CertPEM, "server-key.pem": m.Server.KeyPEM,
		"peer.pem": m.Peer.CertPEM, "peer-key.pem": m.Peer.KeyPEM,
	} {
		if err := os.WriteFile(m.path(name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if m.Flags["initial-cluster"] == "" {
		m.Flags["initial-cluster"] = m.cluster.InitialCluster()
	}
	var args []string
	for _, name := range slices.Sorted(maps.Keys(m.Flags)) {
		args = append(args, "--"+name+"="+m.Flags[name])
	}
	command := slices.Concat(m.Under, []string{m.Etcd}, args)
	m.process = exec.Command(command[0], command[1:]...)
	m.process.Stderr = &m.log
	// Not as a flag: those are seen from outside, and this one is warned of.
	if m.Flags["unsafe-no-fsync"] == "" {
		m.process.Env = append(os.Environ(), "ETCD_UNSAFE_NO_FSYNC=true")
	}
	m.process.Env = append(m.process.Env, m.Env...)
	// A test binary that is killed takes its etcd processes with it.
	m.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := m.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		m.Kill()
		if t.Failed() && testing.Verbose() {
			t.Logf("log of %s:\n%s", m.Name, m.log.String())
		}
	})
}

// WaitReady waits until the member answers that it is healthy, as far as it answers the verifier at all.
func (m *Member) WaitReady() {
	t := m.cluster.t
	t.Helper()
	client := &http.Client{
		Transport: &http.Transport{TLSClientConfig: m.cluster.TLS(), DisableKeepAlives: true},
		Timeout:   2 * time.Second,
	}
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(50 * time.Millisecond) {
		resp, err := client.Get(m.ClientURL + "/health")
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s did not become ready: %v", m.Name, err)
		}
	}
}

// Kill ends the process at once and waits for its end.
func (m *Member) Kill() {
	if m.process != nil && m.process.ProcessState == nil {
		m.Signal(syscall.SIGCONT) // a stopped process would not be reaped
		m.process.Process.Kill()
		m.process.Wait()
	}
}

// Stop ends the process in good order and waits for its end.
func (m *Member) Stop() {
	m.Signal(syscall.SIGTERM)
	// etcd ends itself by the signal once it has closed everything.
	m.process.Wait()
}

// WaitEnd waits until the process has ended on its own.
func (m *Member) WaitEnd() {
	m.cluster.t.Helper()
	ended := make(chan struct{})
	go func() {
		m.process.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(startTimeout):
		m.cluster.t.Fatalf("%s did not end", m.Name)
	}
}

// Signal sends a signal to the process.
func (m *Member) Signal(s os.Signal) { m.process.Process.Signal(s) }

// Wipe removes the data of a member that is not running.
func (m *Member) Wipe() {
	if err := os.RemoveAll(m.Flags["data-dir"]); err != nil {
		m.cluster.t.Fatal(err)
	}
}

// TLS is the verifier's credentials for a server that need not be right.
func (c *Cluster) TLS() *tls.Config {
	pair, err := tls.X509KeyPair(c.Verifier.CertPEM, c.Verifier.KeyPEM)
	if err != nil {
		c.t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, InsecureSkipVerify: true}
}

// Client is a client of the members; it ends with the test.
func (c *Cluster) Client(members ...*Member) *clientv3.Client {
	c.t.Helper()
	var urls []string
	for _, m := range members {
		urls = append(urls, m.ClientURL)
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: urls, TLS: c.TLS(), Logger: zap.NewNop(), DialTimeout: startTimeout})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { client.Close() })
	return client
}

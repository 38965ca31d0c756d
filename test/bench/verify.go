package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/etcdbake/etcdbake/verify/expect"
)

// cluster is three real members on loopback, with certificates that cfssl made in dir.
type cluster struct {
	dir, etcd string // etcd is the folder of the etcd and etcdctl binaries
	members   []*exec.Cmd
}

// startCluster makes certificates and expect.json in dir, starts the members and waits until all of them are healthy.
func startCluster(dir, etcd string, tools cfssl) (*cluster, error) {
	c := &cluster{dir: dir, etcd: etcd}
	err := c.prepare(tools)
	for i := 1; i <= 3 && err == nil; i++ {
		err = c.start(i)
	}
	for deadline := time.Now().Add(30 * time.Second); err == nil; time.Sleep(100 * time.Millisecond) {
		if err = c.etcdctl("endpoint", "health"); err == nil {
			return c, nil
		}
		if time.Now().Before(deadline) {
			err = nil
		}
	}
	return nil, errors.Join(err, c.stop())
}

// prepare makes what etcdbake generate would: it refuses members on loopback.
func (c *cluster) prepare(tools cfssl) error {
	err := errors.Join(tools.writeInputs(c.dir), tools.pipeline(c.dir, "ca", "gencert", "-initca", "csr.json"),
		tools.pipeline(c.dir, "peer-ca", "gencert", "-initca", "csr.json"), tools.sign(c.dir, "ca", "client", "verify", ""))
	e := expect.Cluster{Schema: expect.Schema, Name: "bench", Token: "bench", EtcdVersion: filepath.Base(c.etcd),
		Settings: map[string]string{"ETCD_QUOTA_BACKEND_BYTES": "2147483648", "ETCD_FEATURE_GATES": "InitialCorruptCheck=true"}}
	for i := 1; i <= 3 && err == nil; i++ {
		name, ip := fmt.Sprintf("m%d", i), fmt.Sprintf("127.77.0.%d", i)
		hosts := name + "," + ip + ",localhost,127.0.0.1"
		err = errors.Join(tools.sign(c.dir, "ca", "server", name+"-server", hosts),
			tools.sign(c.dir, "peer-ca", "peer", name+"-peer", hosts))
		e.Members = append(e.Members, expect.Member{Name: name,
			PeerURLs: []string{"https://" + ip + ":2380"}, ClientURLs: []string{"https://" + ip + ":2379"},
			Server: c.certificate(name + "-server"), Peer: c.certificate(name + "-peer")})
	}
	if err != nil {
		return err
	}
	e.CA, e.PeerCA = c.certificate("ca"), c.certificate("peer-ca")
	data, err := json.Marshal(e)
	return errors.Join(err, os.WriteFile(c.path("expect.json"), data, 0o600))
}

func (c *cluster) path(name string) string { return filepath.Join(c.dir, name) }

// certificate is what the expectation says of name.pem; nothing where it cannot be read, which etcd-verify then says.
func (c *cluster) certificate(name string) expect.Certificate {
	data, _ := os.ReadFile(c.path(name + ".pem"))
	block, _ := pem.Decode(data)
	if block == nil {
		return expect.Certificate{}
	}
	sum := sha256.Sum256(block.Bytes)
	return expect.Certificate{SHA256: hex.EncodeToString(sum[:])}
}

// start starts the i-th member.
func (c *cluster) start(i int) error {
	name, ip := fmt.Sprintf("m%d", i), fmt.Sprintf("127.77.0.%d", i)
	var initial []string
	for n := 1; n <= 3; n++ {
		initial = append(initial, fmt.Sprintf("m%d=https://127.77.0.%d:2380", n, n))
	}
	client, peer := "https://"+ip+":2379", "https://"+ip+":2380"
	cmd := exec.Command(filepath.Join(c.etcd, "etcd"), "--name="+name, "--data-dir="+c.path(name),
		"--listen-client-urls="+client, "--advertise-client-urls="+client,
		"--listen-peer-urls="+peer, "--initial-advertise-peer-urls="+peer,
		"--initial-cluster="+strings.Join(initial, ","), "--initial-cluster-token=bench", "--feature-gates=InitialCorruptCheck=true",
		"--client-cert-auth", "--trusted-ca-file="+c.path("ca.pem"),
		"--cert-file="+c.path(name+"-server.pem"), "--key-file="+c.path(name+"-server-key.pem"),
		"--peer-client-cert-auth", "--peer-trusted-ca-file="+c.path("peer-ca.pem"),
		"--peer-cert-file="+c.path(name+"-peer.pem"), "--peer-key-file="+c.path(name+"-peer-key.pem"),
		"--log-level=error")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // they end with us in any case
	c.members = append(c.members, cmd)
	return cmd.Start()
}

// stop ends the members and waits for their end.
func (c *cluster) stop() error {
	var errs []error
	for _, m := range c.members {
		if m.Process == nil {
			continue
		}
		errs = append(errs, m.Process.Kill())
		m.Wait() // says that it was killed
	}
	return errors.Join(errs...)
}

// tutorial is what the tutorials end with.
func (c *cluster) tutorial(string) error {
	return errors.Join(c.etcdctl("endpoint", "health"), c.etcdctl("endpoint", "status"))
}

func (c *cluster) etcdctl(args ...string) error {
	return quietly(exec.Command(filepath.Join(c.etcd, "etcdctl"), append(args,
		"--endpoints=https://127.77.0.1:2379,https://127.77.0.2:2379,https://127.77.0.3:2379",
		"--cacert="+c.path("ca.pem"),
		"--cert="+c.path("verify.pem"), "--key="+c.path("verify-key.pem"))...))
}

// verify runs every check with the etcd-verify at path; a warning is no reason to stop.
func (c *cluster) verify(path string) error {
	return quietly(exec.Command(path, "--expect", c.path("expect.json"), "--cacert", c.path("ca.pem"),
		"--cert", c.path("verify.pem"), "--key", c.path("verify-key.pem")))
}

// quietly runs cmd and shows what it said only where it failed.
func quietly(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
}

// verifyRatio measures, prints the table and returns the ratio of etcd-verify to etcdctl's two commands.
func verifyRatio(o options) (ratio float64, err error) {
	dir, err := os.MkdirTemp(o.dir, "cluster-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	c, err := startCluster(dir, o.etcd, cfssl{o.cfssl})
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	nothing := func(string) error { return nil }
	all := &contender{name: "etcd-verify, every check", prepare: nothing,
		run: func(string) error { return c.verify(o.verify) }}
	two := &contender{name: "etcdctl endpoint health; endpoint status", prepare: nothing, run: c.tutorial}
	return race(o, all, two)
}

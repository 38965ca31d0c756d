//go:build linux

// Package listen_test shows that the address that hosts' etcd is told to listen on is right with IPv6 and without.
package listen_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/tools/etcdbin"
)

// What a host has of IPv6: all of it, none since net.ipv6.conf.all.disable_ipv6 is set, or none since the kernel has none
// (ipv6.disable=1).
const (
	present     = "present"
	switchedOff = "switched off"
	absent      = "absent"
)

func TestEtcdListensOnAllThatTheHostHas(t *testing.T) {
	planned := listenURL(t)
	for _, c := range []struct{ version, listen string }{
		{"3.5.35", planned}, {"3.6.14", planned}, {"3.7.3", planned},
		{"3.6.14", "http://[::]:2379"}, // no better, which is why there is one address for all
	} {
		etcd := etcdbin.Need(t, c.version).Etcd
		for ipv6, want := range map[string]string{present: "127.0.0.1\n[::1]\n", switchedOff: "127.0.0.1\n", absent: "127.0.0.1\n"} {
			t.Run(fmt.Sprintf("%s on %s with IPv6 %s", c.version, c.listen, ipv6), func(t *testing.T) {
				if got := answers(t, etcd, ipv6, c.listen); got != want {
					t.Errorf("it answers on\n%swant\n%s", got, want)
				}
			})
		}
	}
}

// listenURL is what etcd.conf of an IPv6 member says, without TLS.
func listenURL(t *testing.T) string {
	t.Helper()
	c, _, err := spec.Parse("cluster.yaml", []byte("name: k8s-etcd\nmembers: [{name: master1, address: 'fd00::1'}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := plan.Hosts(c, pkitest.Bundle(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range hosts[0].Files {
		if _, rest, ok := strings.Cut(string(f.Content), `ETCD_LISTEN_CLIENT_URLS="https://`); ok {
			address, _, _ := strings.Cut(rest, `"`)
			return "http://" + address
		}
	}
	t.Fatal("no file says what to listen on")
	return ""
}

// answers runs etcd on a host of its own and returns what the host prints.
func answers(t *testing.T, etcd, ipv6, listen string) string {
	t.Helper()
	const peer = "http://127.0.0.1:2380"
	cmd := exec.Command("/proc/self/exe", "host", ipv6, etcd, "--data-dir", t.TempDir(), "--name", "m",
		"--listen-client-urls", listen, "--advertise-client-urls", "http://127.0.0.1:2379",
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "m="+peer)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET,
		UidMappings: []syscall.SysProcIDMap{{HostID: syscall.Geteuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{HostID: syscall.Getegid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	out, err := cmd.Output()
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC) {
		t.Skipf("this machine allows no user namespace: %v", err)
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return string(out)
}

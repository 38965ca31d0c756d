//go:build e2e

package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// nowhere is a mirror that has a name and no address.
const nowhere = "http://mirror.invalid/good"

// TestAHostInPoorConditionComesUpOrSaysWhyNot boots one host a condition; mend is what an operator does then.
func TestAHostInPoorConditionComesUpOrSaysWhyNot(t *testing.T) {
	for _, test := range []struct {
		name       string
		mirrors    []string
		path, file string // on the host's disk
		says       string // systemctl status and console
		journal    string // some program's own words
		mend       string
	}{
		{
			name: "the disk is full while etcd is downloaded", path: "etc/fstab", file: "tmpfs /var/cache tmpfs size=10m 0 0\n",
			says: "the disk of /var/cache/etcdbake is full", mend: "mount -o remount,size=400m /var/cache",
		},
		{
			name: "the disk is full while etcd is unpacked", path: "etc/fstab", file: "tmpfs /var/cache tmpfs size=40m 0 0\n",
			says: "cannot unpack etcd: is the disk full?", journal: "No space left on device", mend: "mount -o remount,size=400m /var/cache",
		},
		{
			name: "usr-local is full", path: "etc/fstab", file: "tmpfs /usr/local tmpfs size=20m 0 0\n",
			says: "cannot unpack etcd: is the disk full?", journal: "No space left on device", mend: "mount -o remount,size=400m /usr/local",
		},
		{
			name: "usr-local is read-only", path: "etc/fstab", file: "tmpfs /usr/local tmpfs ro 0 0\n",
			says: "/usr/local/bin cannot be written: set etcd.bin_dir", journal: "Read-only file system",
			mend: "mount -o remount,rw /usr/local",
		},
		{name: "no IPv6", path: "etc/sysctl.d/90-ipv6.conf", file: "net.ipv6.conf.all.disable_ipv6 = 1\n"},
		{name: "no DNS", mirrors: []string{nowhere, goodMirror}, journal: "esolv"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.mirrors == nil {
				test.mirrors = []string{goodMirror}
			}
			c, h := newSingle(t, "", test.mirrors...)
			if test.path != "" {
				c.onDisk(h, test.path, test.file)
			}
			c.boot(h)
			said := time.Duration(0)
			if test.says != "" {
				said = c.untilStatus(h, test.says)
			}
			if test.mend != "" {
				c.exec(h, "sh", "-c", test.mend)
			}
			took := c.untilHealthy(h)
			c.verify()
			journal := c.exec(h, "journalctl", "-b", "-o", "cat", "-u", "etcdbake-first-boot.service")
			if !strings.Contains(journal, test.journal) {
				t.Errorf("the journal does not say %q:\n%s", test.journal, journal)
			}
			if test.says != "" {
				t.Logf("said %q %v after power-on; ", test.says, said)
			}
			t.Logf("healthy %v after power-on", took)
		})
	}
}

// proxy is a real forward proxy. It knows the address of a host that nobody else knows.
type proxy struct {
	mirror *mirror
	served atomic.Int32
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Host != "mirror.invalid" {
		http.Error(w, "this proxy serves mirror.invalid alone, not "+r.URL.String(), http.StatusForbidden)
		return
	}
	p.served.Add(1)
	answer := httptest.NewRecorder()
	p.mirror.ServeHTTP(answer, r)
	for key, values := range answer.Header() {
		w.Header()[key] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = io.Copy(w, answer.Body)
}

// startProxy serves it at http://<bridge>:3128.
func (c *cluster) startProxy() *proxy {
	c.t.Helper()
	listener, err := c.net.Listen(3128)
	if err != nil {
		c.t.Fatal(err)
	}
	p := &proxy{mirror: c.mirror}
	server := &http.Server{Handler: p, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }() // ends with Close
	c.t.Cleanup(func() { _ = server.Close() })
	return p
}

// TestEtcdIsDownloadedThroughAProxy: the mirror can be reached in no other way.
func TestEtcdIsDownloadedThroughAProxy(t *testing.T) {
	const url = "http://" + gateway + ":3128"
	for _, test := range []struct {
		name, spec string
		prepare    func(c *cluster, h *host.Host)
		inEtcd     bool // etcd has it in its environment, as all services do
	}{
		{"of the spec", "  proxy: " + url, func(*cluster, *host.Host) {}, false},
		{"of the environment", "", func(c *cluster, h *host.Host) {
			c.onDisk(h, "etc/systemd/system.conf.d/proxy.conf", "[Manager]\nDefaultEnvironment=http_proxy="+url+"\n")
		}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, h := newSingle(t, test.spec, nowhere)
			p := c.startProxy()
			test.prepare(c, h)
			c.boot(h)
			took := c.untilHealthy(h)
			c.verify()
			if served := p.served.Load(); served != 1 {
				t.Errorf("the proxy has served %d downloads", served)
			}
			if got := c.environment(h)["http_proxy"]; got != "" != test.inEtcd {
				t.Errorf("etcd has http_proxy=%q", got)
			}
			t.Logf("healthy %v after power-on", took)
		})
	}
}

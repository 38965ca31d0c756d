//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// listen opens a port as etcd's user, and waits until it is open.
const listen = `systemd-run -q --unit=other --uid=etcd python3 -c 'import socket, time
s = socket.create_server(("0.0.0.0", 2381))
time.sleep(600)'
until python3 -c 'import socket; socket.create_connection(("127.0.0.1", 2381))' 2>/dev/null; do sleep 0.1; done`

// hostIsAsPlanned runs etcd-verify --host on the member itself, as it is and with one thing wrong at a time.
func hostIsAsPlanned(c *cluster, h *host.Host) {
	c.t.Helper()
	verify := func() string { return c.verifyHost(h) }
	if out := verify(); strings.Contains(out, "exit ") || !strings.Contains(out, "PASS") {
		c.t.Errorf("%s is not as planned:\n%s", h.Name, out)
	}
	for _, test := range []struct{ wrong, right, want string }{
		{"chmod 0644 /etc/etcd/ssl/etcd-key.pem", "chmod 0600 /etc/etcd/ssl/etcd-key.pem", "/etc/etcd/ssl/etcd-key.pem: mode 0644"},
		{"chown root /var/lib/etcd", "chown etcd /var/lib/etcd", "/var/lib/etcd: owner root:etcd"},
		{"cp -p /usr/local/bin/etcdctl /root/etcdctl; printf x >>/usr/local/bin/etcdctl", "mv /root/etcdctl /usr/local/bin/etcdctl",
			"/usr/local/bin/etcdctl: SHA-256 "},
		{listen, "systemctl stop other", "etcd.service listeners: 0.0.0.0:2381"},
		{"systemctl -q disable etcd", "systemctl -q enable etcd", "etcd.service: active (running), disabled"},
	} {
		c.exec(h, "sh", "-c", test.wrong)
		if out := verify(); !strings.Contains(out, "exit 1") || !strings.Contains(out, test.want) {
			c.t.Errorf("after %s, %q is not told:\n%s", test.wrong, test.want, out)
		}
		c.exec(h, "sh", "-c", test.right)
	}
}

// verifyHost returns what etcd-verify --host says on the host, and its exit code where that is not 0.
func (c *cluster) verifyHost(h *host.Host) string {
	c.t.Helper()
	binary, err := os.ReadFile(command("etcd-verify"))
	if err != nil {
		c.t.Fatal(err)
	}
	for name, content := range map[string][]byte{"etcd-verify": binary, "expect.json": c.read("out", "expect.json")} {
		if err := os.WriteFile(filepath.Join(h.Root(), "root", name), content, 0o755); err != nil {
			c.t.Fatal(err)
		}
	}
	return c.exec(h, "sh", "-c", "cd /root; ./etcd-verify --host --only host --expect expect.json 2>&1 || echo exit $?")
}

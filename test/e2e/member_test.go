//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gopkg.in/yaml.v3"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// TestUserDataMakesHostsAVerifiedCluster follows one cluster from its first boot through reboots.
func TestUserDataMakesHostsAVerifiedCluster(t *testing.T) {
	t.Parallel()
	c := newCluster(t, goodMirror)
	watch := c.watchSecrets()
	c.boot(c.hosts...)
	c.verify()
	for _, h := range c.hosts {
		c.exec(h, "cloud-init", "status", "--wait")
	}
	early := watch.stop()
	c.bootPlain()

	for _, test := range []struct {
		name string
		run  func(*cluster, *host.Host)
	}{
		{"cloud-init reports no error", cloudInitIsContent},
		{"cloud-init's schema accepts the user-data", schemaAccepts},
		{"no unit has failed", noUnitFailed},
		{"systemd finds nothing wrong with the units", unitsAreClean},
		{"etcd.service is hardened", etcdIsHardened},
		{"files have their modes and owners", filesAreOwned},
		{"no other user can read a key", keysAreSecret},
		{"etcd-verify --host finds it as it was planned", hostIsAsPlanned},
		{"etcd gets every setting as it is in the spec", settingsReachEtcd},
		{"etcdctl works for root without a flag", etcdctlWorks},
		{"shells and shellcheck accept the scripts", scriptsAreClean},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, h := range c.hosts {
				test.run(c.in(t), h)
			}
		})
	}
	t.Run("no key was readable for a moment", func(t *testing.T) {
		if len(early) > 0 {
			t.Error(strings.Join(early, "\n"))
		}
	})
	t.Run("no key was printed", func(t *testing.T) {
		for _, h := range c.hosts {
			c.in(t).nothingWasPrinted(h)
		}
	})
	t.Run("a rebooted host comes back", func(t *testing.T) {
		c := c.in(t)
		c.shutdown(c.hosts[0])
		c.boot(c.hosts[0])
		c.verify()
	})
	t.Run("a second boot changes nothing", func(t *testing.T) {
		c := c.in(t)
		before, downloads := c.snapshots(), len(c.mirror.log())
		c.shutdown(c.hosts...)
		c.boot(c.hosts...)
		c.verify()
		for _, h := range c.hosts {
			c.exec(h, "cloud-init", "status", "--wait")
		}
		if diff := cmp.Diff(before, c.snapshots()); diff != "" {
			t.Errorf("files differ after the second boot (-before +after):\n%s", diff)
		}
		if extra := c.mirror.log()[downloads:]; len(extra) > 0 {
			t.Errorf("the mirror was asked again: %v", extra)
		}
	})
}

// in returns the cluster for a subtest, which fails by itself.
func (c *cluster) in(t *testing.T) *cluster {
	t.Helper()
	l := *c.lab
	l.t = t
	return &cluster{lab: &l, dir: c.dir, plain: c.plain}
}

// cloudInitComplaints returns what cloud-init has against a host: its errors, and the warnings in its log.
func (c *cluster) cloudInitComplaints(h *host.Host) []string {
	c.t.Helper()
	var status struct {
		Status string   `json:"status"`
		Errors []string `json:"errors"`
	}
	out := c.exec(h, "sh", "-c", "cloud-init status --wait --format json || :")
	if err := json.Unmarshal([]byte(out), &status); err != nil {
		c.t.Fatalf("%v:\n%s", err, out)
	}
	complaints := status.Errors
	if status.Status != "done" {
		complaints = append(complaints, "status: "+status.Status)
	}
	for line := range strings.Lines(c.exec(h, "cat", "/var/log/cloud-init.log")) {
		if _, warning, ok := strings.Cut(line, "[WARNING]: "); ok {
			complaints = append(complaints, strings.TrimSpace(warning))
		}
		if _, fault, ok := strings.Cut(line, "[ERROR]: "); ok {
			complaints = append(complaints, strings.TrimSpace(fault))
		}
	}
	return complaints
}

// cloudInitIsContent compares with a host that has no user-data: some warnings are the image's, which has no SSH server.
func cloudInitIsContent(c *cluster, h *host.Host) {
	for _, complaint := range c.cloudInitComplaints(h) {
		if !slices.Contains(c.plain, complaint) {
			c.t.Errorf("%s: %s", h.Name, complaint)
		}
	}
}

// bootPlain learns what cloud-init has against a host without user-data.
func (c *cluster) bootPlain() {
	c.t.Helper()
	h := c.add("plain", "10.140.0.9", nil)
	c.hosts = c.hosts[:len(c.hosts)-1]
	c.boot(h)
	c.plain = c.cloudInitComplaints(h)
	if err := h.PowerCut(); err != nil {
		c.t.Fatal(err)
	}
}

func schemaAccepts(c *cluster, h *host.Host) {
	out := c.exec(h, "cloud-init", "schema", "--config-file", "/var/lib/cloud/instance/user-data.txt")
	if !strings.HasPrefix(out, "Valid cloud-config") {
		c.t.Errorf("%s: %s", h.Name, out)
	}
}

func noUnitFailed(c *cluster, h *host.Host) {
	if out := c.exec(h, "systemctl", "--failed", "--plain", "--no-legend"); out != "" {
		c.t.Errorf("%s: %s", h.Name, out)
	}
}

func unitsAreClean(c *cluster, h *host.Host) {
	out := c.exec(h, "sh", "-c", "systemd-analyze verify /etc/systemd/system/etcd*.service 2>&1")
	if out != "" {
		c.t.Errorf("%s: %s", h.Name, out)
	}
}

func etcdIsHardened(c *cluster, h *host.Host) { isHardened(c, h, "etcd.service") }

func isHardened(c *cluster, h *host.Host, unit string) {
	const worst = 2.0
	out := c.exec(h, "systemd-analyze", "security", "--no-pager", unit)
	match := regexp.MustCompile(`Overall exposure level for ` + unit + `: ([0-9.]+)`).FindStringSubmatch(out)
	if match == nil {
		c.t.Fatalf("%s: no overall exposure level in\n%s", h.Name, out)
	}
	c.t.Logf("%s: %s", h.Name, match[0])
	if exposure, err := strconv.ParseFloat(match[1], 64); err != nil || exposure > worst {
		c.t.Errorf("more than %.1f:\n%s", worst, out)
	}
}

func filesAreOwned(c *cluster, h *host.Host) {
	want := []string{
		"/etc/etcd 755 root:root",
		"/etc/etcd/etcd.conf 644 root:root",
		"/etc/etcd/ssl 700 etcd:etcd",
		"/etc/etcd/ssl/etcd-ca.pem 644 etcd:etcd",
		"/etc/etcd/ssl/etcd-key.pem 600 etcd:etcd",
		"/etc/etcd/ssl/etcd-peer-ca.pem 644 etcd:etcd",
		"/etc/etcd/ssl/etcd-peer-key.pem 600 etcd:etcd",
		"/etc/etcd/ssl/etcd-peer.pem 644 etcd:etcd",
		"/etc/etcd/ssl/etcd.pem 644 etcd:etcd",
		"/etc/etcdbake 755 root:root",
		"/etc/etcdbake/first-boot 644 root:root",
		"/etc/etcdbake/first-boot.env 644 root:root",
		"/etc/etcdbake/programs.sha256 644 root:root",
		"/etc/profile.d/etcdctl.sh 644 root:root",
		"/etc/systemd/system/etcd.service 644 root:root",
		"/etc/systemd/system/etcdbake-first-boot.service 644 root:root",
		"/usr/local/bin 755 root:root",
		"/usr/local/bin/etcd 755 root:root",
		"/usr/local/bin/etcdctl 755 root:root",
		"/usr/local/bin/etcdutl 755 root:root",
		"/var/lib/cloud/instance/user-data.txt 600 root:root",
		"/var/lib/etcd 700 etcd:etcd",
		"/var/lib/etcdbake 755 root:root",
		"/var/lib/etcdbake/done 644 root:root",
		"/var/lib/etcdbake/host 644 root:root",
	}
	got := strings.Split(c.exec(h, "sh", "-c", `{
		find /etc/etcd /etc/etcdbake /usr/local/bin /var/lib/etcdbake
		ls -d /etc/profile.d/etcdctl.sh /etc/systemd/system/etcd* /var/lib/etcd /var/lib/cloud/instance/user-data.txt
	} | sort | xargs stat -c '%n %a %U:%G'`), "\n")
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Errorf("%s (-want +got):\n%s", h.Name, diff)
	}
}

// keysAreSecret searches as a user without any rights for the host's keys.
func keysAreSecret(c *cluster, h *host.Host) {
	if all := c.filesWithKeys(h, "0"); len(all) == 0 {
		c.t.Errorf("%s: root finds its keys nowhere: this search proves nothing", h.Name)
	}
	if readable := c.filesWithKeys(h, "65534"); len(readable) > 0 {
		c.t.Errorf("%s: everybody can read its keys in %s", h.Name, readable)
	}
}

func settingsReachEtcd(c *cluster, h *host.Host) {
	var want expect.Cluster
	if err := json.Unmarshal(c.read("out", "expect.json"), &want); err != nil {
		c.t.Fatal(err)
	}
	got := c.environment(h)
	want.Settings["ETCD_HOST_WHITELIST"] = freeText
	for key, value := range want.Settings {
		if got[key] != value {
			c.t.Errorf("%s: etcd has %s=%q, want %q", h.Name, key, got[key], value)
		}
	}
}

func etcdctlWorks(c *cluster, h *host.Host) {
	for _, shell := range []string{"bash", "sh"} {
		out := c.exec(h, shell, "-lc", "etcdctl endpoint health 2>&1")
		if !strings.Contains(out, "is healthy") {
			c.t.Errorf("%s: %s -lc: %s", h.Name, shell, out)
		}
	}
}

// scriptsAreClean judges all shell text in the user-data, as it is there.
func scriptsAreClean(c *cluster, h *host.Host) {
	var userData struct {
		Bootcmd    [][]string
		WriteFiles []struct{ Path, Content, Encoding string } `yaml:"write_files"`
	}
	if err := yaml.Unmarshal(h.UserData, &userData); err != nil {
		c.t.Fatal(err)
	}
	scripts := map[string]string{"bootcmd": userData.Bootcmd[0][2]}
	for _, file := range userData.WriteFiles {
		if file.Path == "/etc/etcdbake/first-boot" || strings.HasSuffix(file.Path, ".sh") {
			if file.Encoding != "" {
				c.t.Fatalf("%s is encoded as %s", file.Path, file.Encoding)
			}
			scripts[filepath.Base(file.Path)] = file.Content
		}
	}
	if len(scripts) != 3 {
		c.t.Errorf("%s: found %d scripts, want 3", h.Name, len(scripts))
	}
	dir := c.t.TempDir()
	for name, script := range scripts {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(script), 0o644); err != nil {
			c.t.Fatal(err)
		}
		if out, err := c.net.Command(c.ctx, "shellcheck", "-s", "sh", path).CombinedOutput(); err != nil {
			c.t.Errorf("%s: shellcheck %s: %v\n%s", h.Name, name, err, out)
		}
		for _, shell := range [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} {
			c.exec(h, shell[0], append(shell[1:], "-n", "-c", script)...)
		}
	}
}

// snapshots returns, for every host, all that etcdbake has put there: names, modes, owners, times and digests.
func (c *cluster) snapshots() map[string][]string {
	c.t.Helper()
	snapshots := map[string][]string{}
	for _, h := range c.hosts {
		out := c.exec(h, "sh", "-c", `
			ours="/etc/etcd /etc/etcdbake /etc/profile.d/etcdctl.sh /usr/local/bin /var/lib/etcdbake
				$(echo /etc/systemd/system/etcd* /etc/systemd/system/*/etcd*)"
			find $ours -printf '%p %M %u:%g %T@\n'
			find $ours -type f -exec sha256sum {} +
			getent passwd etcd; getent group etcd`)
		snapshots[h.Name] = strings.Split(out, "\n")
	}
	return snapshots
}

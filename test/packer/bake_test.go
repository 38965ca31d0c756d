//go:build e2e

package packer

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

func TestABakedHostHasAllOfTheImageLayerAndNothingElse(t *testing.T) {
	for _, v := range packers() {
		for _, user := range []string{"root", "packer"} {
			t.Run(fmt.Sprintf("packer %s as %s", v, user), func(t *testing.T) {
				t.Parallel()
				l := newLab(t)
				h := l.guest()
				l.succeeds(bake{packer: v, user: user, args: map[string]string{"mirror": quoted(mirrorURL(goodMirror))}})
				l.checkImage(h)
			})
		}
	}
}

func TestAGuestWithoutANetworkGetsTheReleaseUploaded(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := l.guest()
	args := map[string]string{"mirror": quoted(localURL(goodMirror)), "upload": "true"}
	l.succeeds(bake{args: args, user: "packer"})
	l.checkImage(h)
	if n := l.mirror.served.Load(); n != 1 {
		t.Errorf("the mirror served %d downloads, want 1", n)
	}
}

// checkImage judges a baked host from outside of our provisioner.
func (l *lab) checkImage(h *host.Host) {
	l.t.Helper()
	for _, check := range []func(*host.Host){l.imageIsOwned, l.etcdRuns, l.unitsAreCleanAndOff, l.nothingIsLeft} {
		check(h)
	}
}

func (l *lab) imageIsOwned(h *host.Host) {
	l.t.Helper()
	want := []string{
		"/etc/etcdbake 755 root:root",
		"/etc/etcdbake/first-boot 644 root:root",
		"/etc/etcdbake/programs.sha256 644 root:root",
		"/etc/profile.d/etcdctl.sh 644 root:root",
		"/etc/systemd/system/etcd.service 644 root:root",
		"/etc/systemd/system/etcd.service.d 755 root:root",
		"/etc/systemd/system/etcd.service.d/image.conf 644 root:root",
		"/etc/systemd/system/etcdbake-first-boot.service 644 root:root",
		"/usr/local/bin 755 root:root",
		"/usr/local/bin/etcd 755 root:root",
		"/usr/local/bin/etcdctl 755 root:root",
		"/usr/local/bin/etcdutl 755 root:root",
	}
	got := strings.Split(l.exec(h, "sh", "-c", `{
		find /etc/etcdbake /usr/local/bin /etc/systemd/system/etcd*
		find /etc/etcd /var/lib/etcd /var/lib/etcdbake -mindepth 1 2>/dev/null
		ls -d /etc/profile.d/etcd*
	} | xargs stat -c '%n %a %U:%G'`), "\n")
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		l.t.Errorf("the image's files (-want +got):\n%s", diff)
	}
	if out := l.exec(h, "getent", "passwd", "etcd"); !strings.HasSuffix(out, ":/var/lib/etcd:/usr/sbin/nologin") {
		l.t.Errorf("user etcd: %s", out)
	}
}

func (l *lab) etcdRuns(h *host.Host) {
	l.t.Helper()
	for program, line := range map[string]string{
		"etcd --version": "etcd Version: " + version, "etcdctl version": "etcdctl version: " + version,
		"etcdutl version": "etcdutl version: " + version,
	} {
		if out := l.exec(h, "sh", "-c", program); !strings.HasPrefix(out, line+"\n") {
			l.t.Errorf("%s: %s", program, out)
		}
	}
}

func (l *lab) unitsAreCleanAndOff(h *host.Host) {
	l.t.Helper()
	if out := l.exec(h, "sh", "-c", "systemd-analyze verify /etc/systemd/system/etcd*.service 2>&1"); out != "" {
		l.t.Errorf("systemd-analyze verify: %s", out)
	}
	out := l.exec(h, "sh", "-c", `
		systemctl is-enabled etcd.service etcdbake-first-boot.service
		systemctl is-active etcd.service etcdbake-first-boot.service
		:`)
	if got := strings.Fields(out); !slices.Equal(got, []string{"disabled", "disabled", "inactive", "inactive"}) {
		l.t.Errorf("etcd.service and etcdbake-first-boot.service are %v", got)
	}
}

// nothingIsLeft looks for what is of one host only, of the build, or secret.
func (l *lab) nothingIsLeft(h *host.Host) {
	l.t.Helper()
	found := l.exec(h, "sh", "-c", `
		ls -d /tmp/etcdbake* /var/tmp/etcdbake* /var/cache/etcdbake /etc/ssh/ssh_host_* /root/.ssh/authorized_keys \
			/home/*/.ssh/authorized_keys /root/.*_history /home/*/.*_history /var/lib/cloud/instance /var/lib/cloud/instances/* \
			/var/lib/cloud/seed /var/log/cloud-init*.log 2>/dev/null
		grep -rlE --devices=skip -e '-----BEGIN [A-Z ]*PRIVATE KEY-----' /etc /home /opt /root /srv /usr/local /var
		:`)
	if found != "" {
		l.t.Errorf("left on the image:\n%s", found)
	}
	if id := l.exec(h, "cat", "/etc/machine-id"); id != "" && id != "uninitialized" {
		l.t.Errorf("the image has a machine ID: %s", id)
	}
}

//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestUserDataAreShreddedOnceTheHostIsDone follows three hosts, each of another cloud-init, from first boot through reboots.
func TestUserDataAreShreddedOnceTheHostIsDone(t *testing.T) {
	t.Parallel()
	c := &cluster{lab: newLab(t), dir: t.TempDir()}
	c.addMembers([]system{debian("bullseye"), rootFS, debian("trixie")}, "shred_user_data: true\n", goodMirror)
	c.boot(c.hosts...)
	c.verify()
	c.nothingIsLeft()
	before := c.snapshots()
	for range 2 {
		c.shutdown(c.hosts...)
		c.boot(c.hosts...)
		c.verify()
		for _, h := range c.hosts {
			// The boot ends as one without user-data does: the same instance, which is set up already.
			c.exec(h, "cloud-init", "status", "--wait")
			noUnitFailed(c, h)
		}
		c.nothingIsLeft()
	}
	if diff := cmp.Diff(before, c.snapshots()); diff != "" {
		t.Errorf("files differ after reboots (-before +after):\n%s", diff)
	}
}

// nothingIsLeft wants the keys to be where etcd reads them, and nowhere else.
func (c *cluster) nothingIsLeft() {
	c.t.Helper()
	for _, h := range c.hosts {
		c.untilActive(h, "etcdbake-shred.service")
		want := []string{"/etc/etcd/ssl/etcd-key.pem", "/etc/etcd/ssl/etcd-peer-key.pem"}
		if diff := cmp.Diff(want, c.filesWithKeys(h, "0")); diff != "" {
			c.t.Errorf("%s: files with a key (-want +got):\n%s", h.Name, diff)
		}
		if instance := c.exec(h, "cat", "/var/lib/cloud/data/instance-id"); instance != "i-"+h.Name {
			c.t.Errorf("%s: cloud-init takes it for instance %s", h.Name, instance)
		}
	}
}

// TestAWorldReadableCopyOfUserDataIsHidden has cloud-init before 23.2 keep user-data among the metadata, as it does with Azure's.
func TestAWorldReadableCopyOfUserDataIsHidden(t *testing.T) {
	t.Parallel()
	c := &cluster{lab: newLab(t), dir: t.TempDir()}
	c.addMembers([]system{debian("bullseye"), rootFS, rootFS}, "", goodMirror)
	const file = "/run/cloud-init/instance-data.json"
	for i, encode := range []func([]byte) string{
		base64.StdEncoding.EncodeToString,
		base64.StdEncoding.EncodeToString,
		func(data []byte) string { return string(data) },
	} {
		h := c.hosts[i]
		more, err := json.Marshal(map[string]any{
			"instance-id": "i-" + h.Name, "local-hostname": h.Name,
			"imds": map[string]any{"compute": map[string]string{"userData": encode(h.UserData)}},
		})
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(h.Root(), "var/lib/cloud/seed/nocloud/meta-data")
		if err := errors.Join(os.Chmod(path, 0o600), os.WriteFile(path, more, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	c.boot(c.hosts...)
	c.verify()
	for _, h := range c.hosts {
		if all := c.filesWithKeys(h, "0"); !slices.Contains(all, file) {
			t.Errorf("%s: no key in %s: this proves nothing", h.Name, file)
		}
		keysAreSecret(c, h)
	}
}

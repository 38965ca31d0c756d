package terraform_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const gceSpec = `name: k8s-etcd
members:
  - {name: master1, address: 10.140.0.2}
  - {name: master2, address: 10.140.0.3}
  - {name: master3, address: 10.140.0.4}
data_disk: {device: /dev/disk/by-id/google-etcd}
`

func openGCE(t *testing.T) *workspace {
	t.Helper()
	return open(t, "gce", "project=p", "region=europe-west4", `zones=["europe-west4-a","europe-west4-b"]`, "network=n", "subnetwork=s",
		`client_cidrs=["10.140.0.0/24"]`)
}

func TestGCEMembersAreCreatedFromOut(t *testing.T) {
	t.Parallel()
	w := openGCE(t)
	for target, file := range map[string]string{
		"{cloud: gce}":                 "user-data/master3.yaml",
		"{cloud: gce, format: script}": "script/master3.sh",
	} {
		w.generate(gceSpec + "target: " + target + "\n")
		w.must("validate")
		_, printed := w.plan()
		if strings.Contains(printed, "PRIVATE KEY") {
			t.Error("the plan shows a key")
		}
		w.apply()
		content, err := os.ReadFile(filepath.Join(w.home, "out", file))
		if err != nil {
			t.Fatal(err)
		}
		key := map[string]string{".yaml": "user-data", ".sh": "startup-script"}[filepath.Ext(file)]
		all := w.resources()
		instance := all[member("master3", "google_compute_instance.member")]
		if metadata := instance["metadata"].(map[string]any); metadata[key] != string(content) || len(metadata) != 1 {
			t.Errorf("%s is not the one entry %s of the metadata", file, key)
		}
		delete(instance, "metadata")
		delete(instance, "id")
		want := map[string]any{
			"name": "master3", "zone": "europe-west4-a", "machine_type": "e2-standard-2", "tags": []any{"k8s-etcd-etcd"},
			"attached_disk": []any{map[string]any{
				"device_name": "etcd", "source": all[member("master3", "google_compute_disk.data")]["id"],
			}},
			"boot_disk": []any{map[string]any{"initialize_params": []any{map[string]any{
				"image": "ubuntu-os-cloud/ubuntu-2404-lts-amd64", "size": 0.0,
			}}}},
			"network_interface": []any{map[string]any{
				"subnetwork": "s", "network_ip": "10.140.0.4", "access_config": []any{},
			}},
			"shielded_instance_config": []any{map[string]any{"enable_secure_boot": true}},
		}
		if diff := cmp.Diff(want, instance); diff != "" {
			t.Errorf("the instance (-want +got):\n%s", diff)
		}
	}
}

func TestGCELetsClientsAndMembersInAndNobodyElse(t *testing.T) {
	t.Parallel()
	w := openGCE(t)
	w.generate(gceSpec + "target: {cloud: gce}\n")
	w.apply()
	rule := func(name string, priority float64, sources, tags []any, allow, deny []any) map[string]any {
		return map[string]any{
			"name": "k8s-etcd-etcd-" + name, "network": "n", "priority": priority, "target_tags": []any{"k8s-etcd-etcd"},
			"source_ranges": sources, "source_tags": tags, "allow": allow, "deny": deny,
		}
	}
	ports := func(ports string) []any { return []any{map[string]any{"protocol": "tcp", "ports": []any{ports}}} }
	for name, want := range map[string]map[string]any{
		"clients": rule("clients", 900, []any{"10.140.0.0/24"}, nil, ports("2379"), []any{}),
		"members": rule("members", 900, nil, []any{"k8s-etcd-etcd"}, ports("2379-2380"), []any{}),
		"others":  rule("others", 901, []any{"0.0.0.0/0"}, nil, []any{}, ports("2379-2380")),
	} {
		got := w.resources()["google_compute_firewall."+name]
		delete(got, "id")
		for key, value := range got {
			if value == nil {
				got[key] = []any(nil)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestAChangedSpecRollsGCEMembersOneAtATime(t *testing.T) {
	t.Parallel()
	w := openGCE(t)
	w.generate(gceSpec + "target: {cloud: gce}\n")
	w.apply()
	changes, _ := w.plan()
	expectChanges(t, changes)

	w.generate(gceSpec + "target: {cloud: gce}\ntuning: {quota_backend: 4GiB}\n")
	var all []string
	for _, name := range []string{"master1", "master2", "master3"} {
		all = append(all, member(name, "google_compute_instance.member delete create"), member(name, "terraform_data.user_data update"))
	}
	changes, _ = w.plan()
	expectChanges(t, changes, all...)
	one := []string{`-target=module.member["master1"]`}
	changes, _ = w.plan(one...)
	expectChanges(t, changes, all[:2]...)
	w.apply(one...)
	changes, _ = w.plan()
	expectChanges(t, changes, all[2:]...)

	// A newer image alone replaces nobody; asked for, one member.
	w.generate(gceSpec + "target: {cloud: gce}\n")
	w.apply()
	w.variables = append(w.variables, "image=debian-cloud/debian-13")
	changes, _ = w.plan()
	expectChanges(t, changes)
	w.apply("-replace=" + member("master2", "google_compute_instance.member"))
	image := func(name string) any {
		disk := w.resources()[member(name, "google_compute_instance.member")]["boot_disk"].([]any)[0].(map[string]any)
		return disk["initialize_params"].([]any)[0].(map[string]any)["image"]
	}
	if image("master1") != "ubuntu-os-cloud/ubuntu-2404-lts-amd64" || image("master2") != "debian-cloud/debian-13" {
		t.Errorf("images %v, %v", image("master1"), image("master2"))
	}
}

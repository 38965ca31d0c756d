package spec

import "testing"

func TestStructureProblemsSayWhereAndWhatToWrite(t *testing.T) {
	run(t, []badCase{
		{"unknown key", with("tunning: {}"), []string{
			`6:1: unknown key "tunning" (did you mean "tuning"?)`,
		}},
		{"unknown key of a member", member("{name: a, adress: 10.140.0.9}"), []string{
			`3:5: members[0] has no "address" (add it, for example address: 10.140.0.2)`,
			`3:15: unknown key "adress" in members[0] (did you mean "address"?)`,
		}},
		{"key of a section at the top", with("version: 3.6.14"), []string{
			`6:1: unknown key "version" ("version" belongs under "etcd")`,
		}},
		{"key that is like nothing", with("qqqq: 1"), []string{
			`6:1: unknown key "qqqq" (the keys are: clients, data_disk, etcd, initial_cluster_state, maintenance, members, name, pki, ready, shred_user_data, target, tuning)`,
		}},
		{"key that is a number", with("1: 1"), []string{
			`6:1: unknown key "1" (the keys are: clients, data_disk, etcd, initial_cluster_state, maintenance, members, name, pki, ready, shred_user_data, target, tuning)`,
		}},
		{"unknown architecture", with("etcd: {sha256: {amd46: x}}"), []string{
			`6:17: unknown key "amd46" in etcd.sha256 (did you mean "amd64"?)`,
		}},
		{"nothing but a name", "name: a\n", []string{
			`1:1: the spec has no "members" (add members:)`,
		}},
		{"no members", "name: a\nmembers: []\n", []string{
			"2:10: members is empty (add one, or remove the key if it may be left out)",
		}},
		{"empty name", "name: ''\n" + three[len("name: k8s-etcd\n"):], []string{
			"1:7: name is empty (give it a value, or remove the key if it may be left out)",
		}},
		{"a member that is a text", member("master1"), []string{
			"3:3: warning: 2 members are no safer than 1: both survive the loss of 0 (use 1 or 3 members)",
			"3:5: members[0] must be a mapping, but this is text (give it keys: address, addresses, arch, client_address, dns_names, name)",
		}},
		{"members that are a mapping", "name: a\nmembers: {name: a}\n", []string{
			"2:10: members must be a list, but this is a mapping (write one item per line, each after a dash)",
		}},
		{"a number for a name", member("{name: 123, address: 10.140.0.9}"), []string{
			`3:12: members[0].name must be text, but this is a whole number (put it in quotes: "123", for example master1)`,
		}},
		{"a boolean for a name", member("{name: true, address: 10.140.0.9}"), []string{
			`3:12: members[0].name must be text, but this is true or false (put it in quotes: "true", for example master1)`,
		}},
		{"a date for a name", member("{name: 2024-01-01, address: 10.140.0.9}"), []string{
			`3:12: members[0].name must be text, but this is a date (put it in quotes: "2024-01-01", for example master1)`,
		}},
		{"a list for a name", member("{name: [a], address: 10.140.0.9}"), []string{
			"3:12: members[0].name must be text, but this is a list (give one value, for example master1)",
		}},
		{"a number for an address", member("{name: a, address: 10.5}"), []string{
			`3:24: members[0].address must be text, but this is a number (put it in quotes: "10.5", for example 10.140.0.2)`,
		}},
		{"a text for addresses", member("{name: a, address: 10.140.0.9, addresses: 10.1.1.1}"), []string{
			"3:47: members[0].addresses must be a list, but this is text (put it in brackets: [10.1.1.1])",
		}},
		{"empty address in a list", member("{name: a, address: 10.140.0.9, addresses: [''], dns_names: ['']}"), []string{
			"3:48: members[0].addresses[0] is empty (give it a value, or remove the key if it may be left out)",
			"3:65: members[0].dns_names[0] is empty (give it a value, or remove the key if it may be left out)",
		}},
		{"version as a float", with("etcd: {version: 3.6}"), []string{
			`6:17: etcd.version must be text, but this is a number (put it in quotes: "3.6", for example 3.6.14)`,
		}},
		{"yes for a boolean", with("etcd: {preinstalled: yes}"), []string{
			"6:22: etcd.preinstalled must be true or false, but this is text (write true)",
		}},
		{"text for a boolean", with("etcd: {preinstalled: 'false'}"), []string{
			"6:22: etcd.preinstalled must be true or false, but this is text (write true or false, without quotes)",
		}},
		{"text for a section", with("pki: ecdsa"), []string{
			"6:6: pki must be a mapping, but this is text (give it keys: backdate, ca, ca_lifetime, cfssl, key, leaf_lifetime, peer_ca, single_ca, subject)",
		}},
		{"empty section", with("tuning:"), []string{
			"6:8: tuning is empty (give it a value, or remove the key)",
		}},
		{"empty value", with("etcd:\n  version:\n  mirrors: ~"), []string{
			"7:11: etcd.version is empty (give it a value, or remove the key)",
			"8:12: etcd.mirrors is empty (give it a value, or remove the key)",
		}},
		{"text for a number", with("tuning: {snapshot_count: '10000'}"), []string{
			"6:26: tuning.snapshot_count must be a whole number, but this is text (write digits without quotes, for example 10000)",
		}},
		{"number too small", with("tuning: {snapshot_count: 0}"), []string{
			"6:26: tuning.snapshot_count is out of range: 0 (give a number from 1 up)",
		}},
		{"number too large", with("tuning: {snapshot_count: 18446744073709551615}"), []string{
			"6:26: tuning.snapshot_count is out of range: 18446744073709551615 (give a number from 1 up)",
		}},
		{"duration without a unit", with("tuning: {heartbeat_interval: 100}"), []string{
			"6:30: tuning.heartbeat_interval must be text, but this is a whole number (add a unit, for example 100ms)",
		}},
		{"duration in quotes without a unit", with("tuning: {heartbeat_interval: '100'}"), []string{
			`6:30: tuning.heartbeat_interval: "100" is not a duration (write a number and a unit (ms, s, m, h, d, w, y), for example 100ms)`,
		}},
		{"zero without a unit", with("pki: {backdate: '0'}"), []string{
			`6:17: pki.backdate: "0" is not a duration (write a number and a unit (ms, s, m, h, d, w, y), for example 1h)`,
		}},
		{"negative duration", with("pki: {backdate: -1h}"), []string{
			`6:17: pki.backdate: "-1h" is not a duration (write a number and a unit (ms, s, m, h, d, w, y), for example 1h)`,
		}},
		{"duration out of range", with("pki: {ca_lifetime: 300y}"), []string{
			`6:20: pki.ca_lifetime: "300y" is not a duration (write a number and a unit (ms, s, m, h, d, w, y), for example 10y)`,
		}},
		{"size with an unknown unit", with("tuning: {quota_backend: 2 gigs}"), []string{
			`6:25: tuning.quota_backend: "2 gigs" is not a size (write a number and a unit (KiB, MiB, GiB, …), for example 2GiB)`,
		}},
		{"negative size", with("tuning: {quota_backend: -1}"), []string{
			`6:25: tuning.quota_backend: "-1" is not a size (write a number and a unit (KiB, MiB, GiB, …), for example 2GiB)`,
		}},
		{"size out of range", with("tuning: {quota_backend: 9EiB}"), []string{
			"6:25: tuning.quota_backend: the size is more than 2^63-1 bytes (write a number and a unit (KiB, MiB, GiB, …), for example 2GiB)",
		}},
		{"choice", with("target: {cloud: gcp}"), []string{
			`6:17: target.cloud must be gce, aws, azure, openstack, digitalocean, hetzner, nocloud or generic, not "gcp" (did you mean "gce"?)`,
		}},
		{"choice that is like nothing", with("target: {cloud: linode}"), []string{
			`6:17: target.cloud must be gce, aws, azure, openstack, digitalocean, hetzner, nocloud or generic, not "linode" (choose one of: gce, aws, azure, openstack, digitalocean, hetzner, nocloud, generic)`,
		}},
		{"choice of numbers", with("pki: {key: {size: 1024}}"), []string{
			`6:19: pki.key.size must be 256, 384, 2048, 3072 or 4096, not "1024" (choose one of: 256, 384, 2048, 3072, 4096)`,
		}},
		{"all at once", "nam: a\nmembers:\n  - {name: a, adress: 10.0.0.1}\n  - {name: a, address: 127.0.0.1}\n  - {name: c, address: 10.0.0.3}\nzzz: 1\n", []string{
			`1:1: unknown key "nam" (did you mean "name"?)`,
			`1:1: the spec has no "name" (add it, for example name: k8s-etcd)`,
			`3:5: members[0] has no "address" (add it, for example address: 10.140.0.2)`,
			`3:15: unknown key "adress" in members[0] (did you mean "address"?)`,
			`4:12: the name "a" is taken, first at line 3 (give each its own)`,
			`4:24: members[1].address: "127.0.0.1" is the host itself (give the address that the other members use)`,
			`6:1: unknown key "zzz" (the keys are: clients, data_disk, etcd, initial_cluster_state, maintenance, members, name, pki, ready, shred_user_data, target, tuning)`,
		}},
	})
}

func TestNoIsATextAndNorwayACountry(t *testing.T) {
	c, problems := parse(t, member("{name: no, address: 10.140.0.2}")+"pki: {subject: {country: NO}}\n")
	if problems != nil || c.Members[0].Name != "no" || c.PKI.Subject.Country != "NO" {
		t.Errorf("%+v %q", c, problems)
	}
}

package spec

import (
	"strings"
	"testing"
)

func TestNamesAreSafeForHostsFilesAndCertificates(t *testing.T) {
	run(t, []badCase{
		{"cluster with a space", "name: k8s etcd\n" + three[len("name: k8s-etcd\n"):], []string{
			`1:7: name: "k8s etcd" is not a name (use letters, digits, '-', '.' and '_', with a letter or digit at both ends)`,
		}},
		{"cluster with a slash", "name: ../etcd\n" + three[len("name: k8s-etcd\n"):], []string{
			`1:7: name: "../etcd" is not a name (use letters, digits, '-', '.' and '_', with a letter or digit at both ends)`,
		}},
		{"cluster with shell", "name: a$(id)\n" + three[len("name: k8s-etcd\n"):], []string{
			`1:7: name: "a$(id)" is not a name (use letters, digits, '-', '.' and '_', with a letter or digit at both ends)`,
		}},
		{"cluster too long", "name: " + strings.Repeat("a", 64) + "\n" + three[len("name: k8s-etcd\n"):], []string{
			"1:7: name is 64 characters long, the limit is 63 (shorten it)",
		}},
		{"member with an underscore", member("{name: master_1, address: 10.140.0.9}"), []string{
			`3:12: members[0].name: "master_1" cannot be a host name (use letters, digits and '-', with a letter or digit at both ends)`,
		}},
		{"member with a dash at the end", member("{name: master-, address: 10.140.0.9}"), []string{
			`3:12: members[0].name: "master-" cannot be a host name (use letters, digits and '-', with a letter or digit at both ends)`,
		}},
		{"member that is a folder up", member("{name: .., address: 10.140.0.9}"), []string{
			`3:12: members[0].name: ".." cannot be a host name (use letters, digits and '-', with a letter or digit at both ends)`,
		}},
		{"member that is an address", member("{name: 10.140.0.9, address: 10.140.0.9}"), []string{
			`3:12: members[0].name: "10.140.0.9" is an address (give the host a name, such as master1)`,
		}},
		{"member localhost", member("{name: localhost, address: 10.140.0.9}"), []string{
			`3:12: members[0].name: every host is "localhost" (give the host a name, such as master1)`,
		}},
		{"member too long", member("{name: " + strings.Repeat("a", 64) + ", address: 10.140.0.9}"), []string{
			"3:12: members[0].name is 64 characters long, the limit is 63 (shorten it)",
		}},
		{"same name in other case", member("{name: Master2, address: 10.140.0.9}"), []string{
			`4:12: the name "master2" is taken, first at line 3 (give each its own)`,
		}},
		{"clients", with("clients: [{name: a/b}, {name: Admin}, {name: admin, common_name: " + strings.Repeat("a", 65) + "}]"), []string{
			`6:18: clients[0].name: "a/b" is not a name (use letters, digits, '-', '.' and '_', with a letter or digit at both ends)`,
			`6:46: the name "admin" is taken, first at line 6 (give each its own)`,
			"6:66: common_name is 65 characters long, a certificate holds 64 (shorten it)",
		}},
		{"client named as a key", with("clients: [{name: verify-key}]"), []string{
			`6:18: clients[0].name: "verify-key" would be the file of another client's key (choose another name)`,
		}},
	})
}

func TestAddressesAreDialableAndEachMembersOwn(t *testing.T) {
	address := func(a string) string { return member("{name: a, address: '" + a + "'}") }
	run(t, []badCase{
		{"unspecified", address("0.0.0.0"), []string{
			`3:24: members[0].address: "0.0.0.0" stands for all addresses of a host (give the address that the other members use)`,
		}},
		{"unspecified IPv6", address("::"), []string{
			`3:24: members[0].address: "::" stands for all addresses of a host (give the address that the other members use)`,
		}},
		{"loopback", address("127.0.0.1"), []string{
			`3:24: members[0].address: "127.0.0.1" is the host itself (give the address that the other members use)`,
		}},
		{"loopback IPv6", address("::1"), []string{
			`3:24: members[0].address: "::1" is the host itself (give the address that the other members use)`,
		}},
		{"multicast", address("224.0.0.1"), []string{
			`3:24: members[0].address: "224.0.0.1" stands for many hosts (give the address that the other members use)`,
		}},
		{"broadcast", address("255.255.255.255"), []string{
			`3:24: members[0].address: "255.255.255.255" stands for many hosts (give the address that the other members use)`,
		}},
		{"link-local", address("169.254.1.1"), []string{
			`3:24: members[0].address: "169.254.1.1" is link-local, so it is not reachable from other networks (give the address that the other members use)`,
		}},
		{"link-local IPv6", address("fe80::1"), []string{
			`3:24: members[0].address: "fe80::1" is link-local, so it is not reachable from other networks (give the address that the other members use)`,
		}},
		{"zone", address("fe80::1%eth0"), []string{
			`3:24: members[0].address: "fe80::1%eth0" has a zone (zones mean something on one host only: give an address without one)`,
		}},
		{"IPv4 in IPv6", address("::ffff:10.0.0.1"), []string{
			`3:24: members[0].address: "::ffff:10.0.0.1" is an IPv4 address in IPv6 form (write 10.0.0.1)`,
		}},
		{"URL", address("https://10.0.0.1:2379"), []string{
			`3:24: members[0].address: "https://10.0.0.1:2379" is a URL (give the host alone: etcdbake makes the URLs)`,
		}},
		{"port", address("10.0.0.1:2379"), []string{
			`3:24: members[0].address: "10.0.0.1:2379" has a port (write 10.0.0.1: the ports are always 2379 and 2380)`,
		}},
		{"name and port", address("etcd1:2379"), []string{
			`3:24: members[0].address: "etcd1:2379" has a port (write etcd1: the ports are always 2379 and 2380)`,
		}},
		{"IPv6 and port", address("[2001:db8::1]:2379"), []string{
			`3:24: members[0].address: "[2001:db8::1]:2379" has a port (write 2001:db8::1: the ports are always 2379 and 2380)`,
		}},
		{"brackets", address("[2001:db8::1]"), []string{
			`3:24: members[0].address: "[2001:db8::1]" is in brackets (write 2001:db8::1)`,
		}},
		{"network", address("10.0.0.1/24"), []string{
			`3:24: members[0].address: "10.0.0.1/24" is a network (write 10.0.0.1)`,
		}},
		{"number out of range", address("10.0.0.300"), []string{
			`3:24: members[0].address: "10.0.0.300" ends like an IP address, but is none (write four numbers from 0 to 255, or a name)`,
		}},
		{"leading zero", address("10.0.0.01"), []string{
			`3:24: members[0].address: "10.0.0.01" ends like an IP address, but is none (write four numbers from 0 to 255, or a name)`,
		}},
		{"three numbers", address("10.0.1"), []string{
			`3:24: members[0].address: "10.0.1" ends like an IP address, but is none (write four numbers from 0 to 255, or a name)`,
		}},
		{"bad IPv6", address("2001:db8::1::2"), []string{
			`3:24: members[0].address: "2001:db8::1::2" is not an IPv6 address (write it like 2001:db8::10)`,
		}},
		{"localhost", address("localhost"), []string{
			`3:24: members[0].address: "localhost" is the host itself (give the address or name that the other members use)`,
		}},
		{"below localhost", address("a.LOCALHOST"), []string{
			`3:24: members[0].address: "a.LOCALHOST" is the host itself (give the address or name that the other members use)`,
		}},
		{"underscore", address("etcd_1.example.com"), []string{
			`3:24: members[0].address: "etcd_1.example.com" is neither an IP address nor a DNS name (a DNS name has letters, digits and '-' between its dots)`,
		}},
		{"blank", address("etcd 1"), []string{
			`3:24: members[0].address: "etcd 1" is neither an IP address nor a DNS name (a DNS name has letters, digits and '-' between its dots)`,
		}},
		{"final dot", address("etcd1.example.com."), []string{
			`3:24: members[0].address: "etcd1.example.com." ends with a dot (write it without the final dot: certificates are compared without)`,
		}},
		{"empty label", address("etcd1..example.com"), []string{
			`3:24: members[0].address: "etcd1..example.com" is neither an IP address nor a DNS name (a DNS name has letters, digits and '-' between its dots)`,
		}},
		{"too long", address(strings.Repeat("a.", 127) + "com"), []string{
			`3:24: members[0].address: "a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.com" is longer than 253 characters (use a shorter name)`,
		}},
		{"other language", address("büro.example.com"), []string{
			`3:24: members[0].address: "büro.example.com" is neither an IP address nor a DNS name (a DNS name has letters, digits and '-' between its dots)`,
		}},
		{"same address", address("10.140.0.3"), []string{
			`4:30: the address "10.140.0.3" is taken, first at line 3 (give each its own)`,
		}},
		{"same name in other case", "name: a\nmembers:\n  - {name: a, address: A.example.com}\n  - {name: b, address: a.example.com}\n  - {name: c, address: 10.0.0.3}\n", []string{
			`4:24: the address "a.example.com" is taken, first at line 3 (give each its own)`,
		}},
		{"same IPv6 in other words", "name: a\nmembers:\n  - {name: a, address: '2001:db8::1'}\n  - {name: b, address: '2001:db8::2', addresses: ['2001:DB8:0:0::1']}\n  - {name: c, address: '2001:db8::3'}\n", []string{
			`4:51: the address "2001:DB8:0:0::1" is taken, first at line 3 (give each its own)`,
		}},
		{"both families", "name: a\nmembers:\n  - {name: a, address: '2001:db8::1'}\n  - {name: b, address: 10.0.0.2, addresses: ['2001:db8::2']}\n  - {name: c, address: 10.0.0.3}\n", []string{
			`3:24: members[0].address: "2001:db8::1" is no IPv4 address, but members[1] is reached at 10.0.0.2 (add the host's own IPv4 address under addresses)`,
			`5:24: members[2].address: "10.0.0.3" is no IPv6 address, but members[0] is reached at 2001:db8::1 (add the host's own IPv6 address under addresses)`,
		}},
		{"clients dial the address", member("{name: a, address: a.example.com, client_address: A.example.com}"), []string{
			`3:55: members[0].client_address: "A.example.com" is the address, which clients dial anyway (remove it)`,
		}},
		{"clients dial another member", member("{name: a, address: 10.140.0.9, client_address: 10.140.0.3}"), []string{
			`4:30: the address "10.140.0.3" is taken, first at line 3 (give each its own)`,
		}},
		{"clients dial another member's name", member("{name: a, address: 10.140.0.9, client_address: Master2}"), []string{
			`3:52: members[0].client_address: "Master2" is a name of members[1] (give the member a name of its own; one that leads to all members belongs under dns_names)`,
		}},
		{"clients dial the host itself", member("{name: a, address: 10.140.0.9, client_address: localhost}"), []string{
			`3:52: members[0].client_address: "localhost" is the host itself (give the address or name that the other members use)`,
		}},
		{"same as its own", member("{name: a, address: 10.140.0.9, addresses: [10.140.0.9]}"), []string{
			`3:48: the address "10.140.0.9" is taken, first at line 3 (give each its own)`,
		}},
		{"a name among addresses", member("{name: a, address: 10.140.0.9, addresses: [a.example.com]}"), []string{
			`3:48: members[0].addresses[0]: "a.example.com" is a name (write it under dns_names)`,
		}},
		{"an address among names", member("{name: a, address: 10.140.0.9, dns_names: [10.0.0.1]}"), []string{
			`3:48: members[0].dns_names[0]: "10.0.0.1" is an address (write it under addresses)`,
		}},
		{"names", member("{name: a, address: 10.140.0.9, dns_names: [a.b, A.b, master2, '*.b', 'a:1']}"), []string{
			`3:53: the name "A.b" is here twice, first at line 3 (give each its own)`,
			`3:58: members[0].dns_names[2]: "master2" is members[1] (remove it: a member's certificate must not be good for another member)`,
			`3:67: members[0].dns_names[3]: "*.b" is neither an IP address nor a DNS name (a DNS name has letters, digits and '-' between its dots)`,
			`3:74: members[0].dns_names[4]: "a:1" has a port (write a: the ports are always 2379 and 2380)`,
		}},
	})
}

func TestMemberCountsThatAreRarelyWantedAreWarnings(t *testing.T) {
	members := func(n int) string {
		var b strings.Builder
		b.WriteString("name: a\nmembers:\n")
		for i := range n {
			b.WriteString("  - {name: m" + string(rune('a'+i)) + ", address: 10.0.0." + string(rune('1'+i)) + "}\n")
		}
		return b.String()
	}
	run(t, []badCase{
		{"one", members(1), []string{
			"3:3: warning: one member: if it is lost, so is the cluster (use three members in production)",
		}},
		{"two", members(2), []string{
			"3:3: warning: 2 members are no safer than 1: both survive the loss of 0 (use 1 or 3 members)",
		}},
		{"three", members(3), nil},
		{"four", members(4), []string{
			"3:3: warning: 4 members are no safer than 3: both survive the loss of 1 (use 3 or 5 members)",
		}},
		{"seven", members(7), nil},
		{"eight", members(8), []string{
			"3:3: warning: 8 members: etcd advises at most 7 (use five or seven members: more only make writes slower)",
		}},
	})
}

func TestEtcdReleasesAreKnownGoodAndVerifiable(t *testing.T) {
	version := func(v string) string { return with("etcd: {version: " + v + "}") }
	digest := strings.Repeat("ab", 32)
	run(t, []badCase{
		{"leading v", version("v3.6.14"), []string{
			`6:17: etcd.version: "v3.6.14" begins with a v (write 3.6.14)`,
		}},
		{"two parts", version("'3.6'"), []string{
			`6:17: etcd.version: "3.6" is not a version (write all three parts, for example 3.6.14)`,
		}},
		{"leading zero", version("3.06.1"), []string{
			`6:17: etcd.version: "3.06.1" is not a version (write all three parts, for example 3.6.14)`,
		}},
		{"release candidate", version("3.6.0-rc.1"), []string{
			`6:17: etcd.version: "3.6.0-rc.1" is not a version (write all three parts, for example 3.6.14)`,
		}},
		{"end of life", version("3.4.27"), []string{
			"6:17: etcd 3.4 is at the end of its life: it gets no security fixes (use one of 3.5, 3.6 or 3.7)",
		}},
		{"long ago", version("2.3.8"), []string{
			"6:17: etcd 2.3 is at the end of its life: it gets no security fixes (use one of 3.5, 3.6 or 3.7)",
		}},
		{"future minor", version("3.8.0"), []string{
			"6:17: etcd 3.8 is not known: its settings may differ (use one of 3.5, 3.6 or 3.7, or a newer etcdbake)",
		}},
		{"future minor of two digits", version("3.10.0"), []string{
			"6:17: etcd 3.10 is not known: its settings may differ (use one of 3.5, 3.6 or 3.7, or a newer etcdbake)",
		}},
		{"future major", version("4.0.0"), []string{
			"6:17: etcd 4.0 is not known: its settings may differ (use one of 3.5, 3.6 or 3.7, or a newer etcdbake)",
		}},
		{"loses data", version("3.5.2"), []string{
			"6:17: etcd 3.5.2 can lose data when it is killed under load (use the newest 3.5, for example 3.5.33)",
		}},
		{"not in the table", version("3.6.99"), []string{
			"6:17: no SHA-256 is known for etcd-v3.6.99-linux-amd64.tar.gz (add etcd.sha256.amd64 from the release's SHA256SUMS file, or use 3.6.14)",
		}},
		{"not in the table for one architecture", "name: a\nmembers: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2, arch: arm64}, {name: c, address: 10.0.0.3}]\netcd: {version: 3.7.2}\n", []string{
			"3:17: no SHA-256 is known for etcd-v3.7.2-linux-arm64.tar.gz (add etcd.sha256.arm64 from the release's SHA256SUMS file, or use 3.7.1)",
		}},
		{"not in the table, with a digest", with("etcd: {version: 3.6.99, sha256: {amd64: " + digest + "}}"), nil},
		{"not in the table, preinstalled", with("etcd: {version: 3.6.99, preinstalled: true}"), nil},
		{"one source", version("3.6.10"), []string{
			"6:17: warning: the SHA-256 of etcd-v3.6.10-linux-amd64.tar.gz comes from one source only (compare etcd.sha256.amd64: ed579fafab5701e3aaa95509969e7bc74776a4ae5269d32e3928408b406456ec with the release's SHA256SUMS and put it into the spec)",
		}},
		{"one source, with its digest", with("etcd: {version: 3.6.10, sha256: {amd64: ed579fafab5701e3aaa95509969e7bc74776a4ae5269d32e3928408b406456ec}}"), nil},
		{"another digest than known", with("etcd: {sha256: {amd64: " + digest + "}}"), []string{
			"6:24: warning: this is not the digest that etcd-v3.6.14-linux-amd64.tar.gz is known by, ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5 (remove it, unless your mirror has a build of your own)",
		}},
		{"digest too short", with("etcd: {sha256: {amd64: abcd}}"), []string{
			`6:24: etcd.sha256.amd64 is not a SHA-256: that is 64 hex digits, this is "abcd" (copy it from the release's SHA256SUMS file)`,
		}},
		{"digest with other letters", with("etcd: {sha256: {arm64: " + strings.Repeat("xy", 32) + "}}"), []string{
			`6:24: etcd.sha256.arm64 is not a SHA-256: that is 64 hex digits, this is "xyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxyxy" (copy it from the release's SHA256SUMS file)`,
		}},
		{"preinstalled and downloaded", with("etcd: {preinstalled: true, sha256: {amd64: " + digest + "}, mirrors: [https://a]}"), []string{
			"6:36: etcd.sha256 has no use where etcd.preinstalled is true: nothing is downloaded (remove one of the two)",
			"6:120: etcd.mirrors has no use where etcd.preinstalled is true: nothing is downloaded (remove one of the two)",
		}},
		{"mirrors", with("etcd:\n  mirrors:\n  - ftp://a/b\n  - mirror.example.com\n  - https://u:p@a/b\n  - https://a/b?x=1\n  - https://a/b#c\n  - https://a\n  - https://a/\n  - 'http://['"), []string{
			`8:5: etcd.mirrors[0]: "ftp://a/b" is not an http or https URL (write it like https://mirror.example.com/etcd)`,
			`9:5: etcd.mirrors[1]: "mirror.example.com" is not an http or https URL (write it like https://mirror.example.com/etcd)`,
			"10:5: etcd.mirrors[2] holds credentials (remove them: user-data can be read by every process on the host)",
			"11:5: etcd.mirrors[3]: a mirror has no query or fragment (give the part before /vX.Y.Z alone)",
			"12:5: etcd.mirrors[4]: a mirror has no query or fragment (give the part before /vX.Y.Z alone)",
			`14:5: the mirror "https://a/" is there already, first at line 13 (give each its own)`,
			`15:5: etcd.mirrors[7]: "http://[" is not an http or https URL (write it like https://mirror.example.com/etcd)`,
		}},
		{"no mirrors", with("etcd: {mirrors: []}"), []string{
			"6:17: etcd.mirrors is empty (add one, or remove the key if it may be left out)",
		}},
	})
}

func TestPKIValuesThatContradictAreRefused(t *testing.T) {
	run(t, []badCase{
		{"ecdsa 2048", with("pki: {key: {size: 2048}}"), []string{
			"6:19: pki.key.size: ecdsa has no keys of 2048 bits (choose 256 or 384)",
		}},
		{"rsa 256", with("pki: {key: {algorithm: rsa, size: 256}}"), []string{
			"6:35: pki.key.size: rsa has no keys of 256 bits (choose 2048, 3072 or 4096)",
		}},
		{"zero lifetimes", with("pki: {ca_lifetime: 0s}"), []string{
			"6:20: pki.ca_lifetime is zero (give a time, for example 10y)",
		}},
		{"zero leaf lifetime", with("pki: {leaf_lifetime: 0h}"), []string{
			"6:22: pki.leaf_lifetime is zero (give a time, for example 1y)",
		}},
		{"leaf outlives CA", with("pki: {leaf_lifetime: 11y}"), []string{
			"6:22: certificates that are valid for 11y outlive their CA, which is valid for 10y (make pki.leaf_lifetime shorter or pki.ca_lifetime longer)",
		}},
		{"CA dies before leaf", with("pki: {ca_lifetime: 90d}"), []string{
			"6:20: certificates that are valid for 1y outlive their CA, which is valid for 90d (make pki.leaf_lifetime shorter or pki.ca_lifetime longer)",
		}},
		{"country", with("pki: {subject: {country: Holland}}"), []string{
			`6:26: pki.subject.country: "Holland" is not two letters (write its ISO 3166 code, for example NL)`,
		}},
		{"long parts", with("pki: {subject: {organization: " + strings.Repeat("é", 65) + ", locality: " + strings.Repeat("a", 129) + "}}"), []string{
			"6:31: organization is 65 characters long, a certificate holds 64 (shorten it)",
			"6:108: locality is 129 characters long, a certificate holds 128 (shorten it)",
		}},
		{"single and peer", with("pki: {single_ca: true, peer_ca: {cert: a, key: b}}"), []string{
			"6:33: pki.peer_ca contradicts pki.single_ca: there is one CA or there are two (remove one of the two)",
		}},
		{"half a CA", with("pki: {ca: {cert: a}}"), []string{
			`6:11: pki.ca has no "key" (add it, for example key: etcd-ca-key.pem)`,
		}},
		{"profile of nothing", with("pki: {cfssl: {profile: etcd}}"), []string{
			"6:24: pki.cfssl.profile is a profile of no file (add pki.cfssl.config: ca-config.json)",
		}},
		{"overruled by cfssl", with("pki: {key: {size: 384}, leaf_lifetime: 2y, subject: {state: a}, cfssl: {config: a, csr: b}}"), []string{
			"6:12: warning: pki.key has no effect: pki.cfssl.csr decides (remove one of the two)",
			"6:40: warning: pki.leaf_lifetime has no effect: pki.cfssl.config decides (remove one of the two)",
			"6:53: warning: pki.subject has no effect: pki.cfssl.csr decides (remove one of the two)",
		}},
	})
}

func TestTuningThatEtcdWouldRefuseIsRefused(t *testing.T) {
	run(t, []badCase{
		{"quota without a unit", with("tuning: {quota_backend: 2}"), []string{
			"6:25: tuning.quota_backend: 2 is too small for any database (write it with a unit, for example 2GiB)",
		}},
		{"large quota", with("tuning: {quota_backend: 9GiB}"), []string{
			"6:25: warning: tuning.quota_backend is above 8GiB, the most that etcd advises (use at most 8GiB)",
		}},
		{"election below five heartbeats", with("tuning: {election_timeout: 499ms}"), []string{
			"6:28: an election timeout of 499ms is less than five heartbeats of 100ms (use at least 500ms for tuning.election_timeout; ten heartbeats are usual)",
		}},
		{"heartbeat above a fifth", with("tuning: {heartbeat_interval: 201ms}"), []string{
			"6:30: an election timeout of 1s is less than five heartbeats of 201ms (use at least 1s5ms for tuning.election_timeout; ten heartbeats are usual)",
		}},
		{"election above 50s", with("tuning: {heartbeat_interval: 1s, election_timeout: 51s}"), []string{
			"6:52: tuning.election_timeout: etcd refuses more than 50s, this is 51s (use at most 50s)",
		}},
		{"no heartbeat", with("tuning: {heartbeat_interval: 0s}"), []string{
			"6:30: tuning.heartbeat_interval is zero (the default is 100ms)",
		}},
		{"compaction without retention", with("tuning: {auto_compaction: {mode: periodic}}"), []string{
			"6:27: warning: tuning.auto_compaction has no retention, so nothing is compacted (add retention: 8h, or remove auto_compaction)",
		}},
		{"time without a unit", with("tuning: {auto_compaction: {retention: 8}}"), []string{
			`6:39: tuning.auto_compaction.retention: "8" is not a time to keep (write a time with a unit, for example 8h)`,
		}},
		{"no time at all", with("tuning: {auto_compaction: {retention: 0s}}"), []string{
			`6:39: tuning.auto_compaction.retention: "0s" is not a time to keep (write a time with a unit, for example 8h)`,
		}},
		{"time for revisions", with("tuning: {auto_compaction: {mode: revision, retention: 8h}}"), []string{
			`6:55: tuning.auto_compaction.retention: "8h" is not a number of revisions (write how many revisions are kept, for example 1000)`,
		}},
		{"no revisions", with("tuning: {auto_compaction: {mode: revision, retention: 0}}"), []string{
			`6:55: tuning.auto_compaction.retention: "0" is not a number of revisions (write how many revisions are kept, for example 1000)`,
		}},
	})
}

func TestSettingsAreFlagsOfTheChosenMinor(t *testing.T) {
	setting := func(version, s string) string {
		return with("etcd: {version: " + version + "}\ntuning:\n  settings:\n    " + s)
	}
	const v35, v36, v37 = "3.5.21", "3.6.14", "3.7.1"
	run(t, []badCase{
		{"known", setting(v36, "max-txn-ops: 256"), nil},
		{"number as text", setting(v36, "max-txn-ops: '256'"), nil},
		{"boolean", setting(v36, "pre-vote: false"), nil},
		{"gates", setting(v36, "feature-gates: InitialCorruptCheck=true,CompactHashCheck=false"), nil},
		{"typing error", setting(v36, "max-txn-op: 256"), []string{
			`9:5: etcd 3.6 has no setting "max-txn-op" (did you mean "max-txn-ops"?)`,
		}},
		{"like nothing", setting(v36, "qqqq: 256"), []string{
			`9:5: etcd 3.6 has no setting "qqqq" (see etcd --help for the flags that there are)`,
		}},
		{"environment", setting(v36, "ETCD_MAX_TXN_OPS: 256"), []string{
			`9:5: "ETCD_MAX_TXN_OPS" is not the name of an etcd flag: they are like max-txn-ops, without dashes before (write max-txn-ops)`,
		}},
		{"dashes", setting(v36, "--max-txn-ops: 256"), []string{
			`9:5: "--max-txn-ops" is not the name of an etcd flag: they are like max-txn-ops, without dashes before (write max-txn-ops)`,
		}},
		{"underscores", setting(v36, "max_txn_ops: 256"), []string{
			`9:5: "max_txn_ops" is not the name of an etcd flag: they are like max-txn-ops, without dashes before (write max-txn-ops)`,
		}},
		{"ETCD_PROXY", setting(v36, "ETCD_PROXY: off"), []string{
			`9:5: "ETCD_PROXY" is not the name of an etcd flag: they are like max-txn-ops, without dashes before (remove it: members are never proxies, and etcd 3.6 has no proxy mode)`,
		}},
		{"proxy", setting(v36, "proxy: off"), []string{
			`9:5: "proxy" is not a free setting (remove it: members are never proxies, and etcd 3.6 has no proxy mode)`,
		}},
		{"proxy timeout", setting(v35, "proxy-read-timeout: 5"), []string{
			`9:5: "proxy-read-timeout" is not a free setting (remove it: members are never proxies, and etcd 3.6 has no proxy mode)`,
		}},
		{"v2 in 3.5", setting(v35, "enable-v2: true"), nil},
		{"v2 in 3.6", setting(v36, "enable-v2: true"), []string{
			`9:5: etcd 3.6 has no setting "enable-v2": etcd 3.5 was the last to have it (remove it: nothing has taken its place)`,
		}},
		{"experimental in 3.5", setting(v35, "experimental-initial-corrupt-check: true"), nil},
		{"experimental in 3.6", setting(v36, "experimental-initial-corrupt-check: true"), []string{
			`9:5: warning: etcd 3.6 warns of "experimental-initial-corrupt-check": etcd 3.7 has removed it (use feature-gates: InitialCorruptCheck=true)`,
		}},
		{"experimental in 3.7", setting(v37, "experimental-initial-corrupt-check: true"), []string{
			`9:5: etcd 3.7 has no setting "experimental-initial-corrupt-check": etcd 3.6 was the last to have it (use feature-gates: InitialCorruptCheck=true)`,
		}},
		{"experimental with a plain name in 3.7", setting(v37, "experimental-compaction-batch-limit: 5"), []string{
			`9:5: etcd 3.7 has no setting "experimental-compaction-batch-limit": etcd 3.6 was the last to have it (use compaction-batch-limit)`,
		}},
		{"not yet in 3.5", setting(v35, "compaction-batch-limit: 5"), []string{
			`9:5: etcd 3.5 has no setting "compaction-batch-limit": it came with etcd 3.6 (use experimental-compaction-batch-limit)`,
		}},
		{"nothing like it in 3.5", setting(v35, "max-learners: 2"), []string{
			`9:5: etcd 3.5 has no setting "max-learners": it came with etcd 3.6 (remove it, or use a newer etcd)`,
		}},
		{"gates in 3.5", setting(v35, "feature-gates: InitialCorruptCheck=true"), []string{
			`9:5: etcd 3.5 has no setting "feature-gates": it came with etcd 3.6 (remove it, or use a newer etcd)`,
		}},
		{"a gate as a flag", setting(v36, "InitialCorruptCheck: true"), []string{
			`9:5: "InitialCorruptCheck" is not the name of an etcd flag: they are like max-txn-ops, without dashes before (write feature-gates: InitialCorruptCheck=true)`,
		}},
		{"unknown gate", setting(v36, "feature-gates: InitialCorruptChek=true"), []string{
			`9:20: etcd 3.6 has no feature gate "InitialCorruptChek" (did you mean "InitialCorruptCheck"?)`,
		}},
		{"gate of a later minor", setting(v36, "feature-gates: PriorityRequest=true"), []string{
			`9:20: etcd 3.6 has no feature gate "PriorityRequest" (the gates are: AllAlpha, AllBeta, CompactHashCheck, InitialCorruptCheck, LeaseCheckpoint, LeaseCheckpointPersist, SetMemberLocalAddr, StopGRPCServiceOnDefrag, TxnModeWriteWithSharedBuffer)`,
		}},
		{"gate without a value", setting(v36, "feature-gates: InitialCorruptCheck"), []string{
			`9:20: feature gate InitialCorruptCheck is neither true nor false: "" (write InitialCorruptCheck=true)`,
		}},
		{"text for a number", setting(v36, "max-txn-ops: many"), []string{
			`9:18: tuning.settings.max-txn-ops: etcd does not take "many" (write a whole number)`,
		}},
		{"yes for a boolean", setting(v36, "pre-vote: yes"), []string{
			`9:15: tuning.settings.pre-vote: etcd does not take "yes" (write true or false)`,
		}},
		{"time without a unit", setting(v36, "grpc-keepalive-timeout: 20"), []string{
			`9:29: tuning.settings.grpc-keepalive-timeout: etcd does not take "20" (write a time such as 10s)`,
		}},
		{"list", setting(v36, "cors: [a]"), []string{
			"9:11: tuning.settings.cors must be text, but this is a list (give one value)",
		}},
		{"empty", setting(v36, "cors: ''"), []string{
			"9:11: tuning.settings.cors is empty (give it a value, or remove the key if it may be left out)",
		}},
		{"null", setting(v36, "cors:"), []string{
			"9:10: tuning.settings.cors is empty (give it a value, or remove the key)",
		}},
		{"unsafe", setting(v36, "unsafe-no-fsync: true"), []string{
			"9:22: warning: unsafe-no-fsync loses data when a host loses power (keep it to test clusters)",
		}},
		{"owned", setting(v36, "data-dir: /data\n    quota-backend-bytes: 5\n    client-cert-auth: false\n    initial-cluster-token: a\n    discovery-srv: a\n    force-new-cluster: true"), []string{
			`9:5: "data-dir" is not a free setting (remove it: the data directory is /var/lib/etcd)`,
			`10:5: "quota-backend-bytes" is not a free setting (use tuning.quota_backend)`,
			`11:5: "client-cert-auth" is not a free setting (remove it: it is always on)`,
			`12:5: "initial-cluster-token" is not a free setting (it is the cluster's name)`,
			`13:5: "discovery-srv" is not a free setting (remove it: every member knows all others from members)`,
			`14:5: "force-new-cluster" is not a free setting (remove it: at each start it would make the member a cluster of its own; restore a snapshot instead)`,
		}},
		{"unknown version", setting("3.9.0", "whatever: 5\n    data-dir: /data"), []string{
			"6:17: etcd 3.9 is not known: its settings may differ (use one of 3.5, 3.6 or 3.7, or a newer etcdbake)",
			`10:5: "data-dir" is not a free setting (remove it: the data directory is /var/lib/etcd)`,
		}},
		{"version of a wrong type", setting("3.6", "whatever: 5"), []string{
			`6:17: etcd.version must be text, but this is a number (put it in quotes: "3.6", for example 3.6.14)`,
		}},
	})
}

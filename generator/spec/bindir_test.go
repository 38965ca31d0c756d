package spec

import (
	"cmp"
	"testing"
)

func TestTheFolderOfTheProgramsIsOneThatHostsCanUse(t *testing.T) {
	dir := func(dir string) string { return with("etcd: {bin_dir: '" + dir + "'}") }
	ignition := func(etcd string) string { return with("target: {format: ignition}\netcd: {" + etcd + "}") }
	const usual = " (use /usr/local/bin or /opt/bin)"
	run(t, []badCase{
		{"relative", dir("bin"), []string{`6:17: etcd.bin_dir: "bin" is not an absolute path` + usual}},
		{"slash at the end", dir("/opt/bin/"), []string{
			`6:17: etcd.bin_dir: "/opt/bin/" is not the shortest way to write it (write /opt/bin)`}},
		{"way up", dir("/opt/../etc/etcd/ssl"), []string{
			`6:17: etcd.bin_dir: "/opt/../etc/etcd/ssl" is not the shortest way to write it (write /etc/etcd/ssl)`}},
		{"root", dir("/"), []string{`6:17: etcd.bin_dir: "/" is the root folder` + usual}},
		{"space", dir("/opt/my bin"), []string{
			`6:17: etcd.bin_dir: "/opt/my bin" has other characters than letters, digits, '-', '.', '_' and '/'` + usual}},
		{"specifier", dir("/opt/%n"), []string{
			`6:17: etcd.bin_dir: "/opt/%n" has other characters than letters, digits, '-', '.', '_' and '/'` + usual}},
		{"shell", dir("/opt/$(id)"), []string{
			`6:17: etcd.bin_dir: "/opt/$(id)" has other characters than letters, digits, '-', '.', '_' and '/'` + usual}},
		{"home", dir("/home/etcd/bin"), []string{
			`6:17: etcd.bin_dir: "/home/etcd/bin" is hidden from etcd.service (ProtectHome=, PrivateTmp=, PrivateDevices=)` + usual}},
		{"memory", dir("/run/etcd"), []string{`6:17: etcd.bin_dir: "/run/etcd" is not kept over a reboot` + usual}},
		{"the keys' folder", dir("/etc/etcd/ssl"), []string{
			`6:17: etcd.bin_dir: "/etc/etcd/ssl" is not for programs: first boot owns it` + usual}},
		{"a number", with("etcd: {bin_dir: 7}"), []string{
			`6:17: etcd.bin_dir must be text, but this is a whole number (put it in quotes: "7", for example /opt/bin)`}},
		{"read-only", ignition("bin_dir: /usr/local/bin"), []string{
			`7:17: etcd.bin_dir: "/usr/local/bin" is read-only on hosts that Ignition sets up (use /opt/bin)`}},
		{"read-only, and there already", ignition("bin_dir: /usr/bin, preinstalled: true"), nil},
		{"beside the keys", dir("/etc/etcd-programs"), nil},
	})
}

func TestTheFolderOfTheProgramsFollowsTheFormat(t *testing.T) {
	for _, tt := range []struct{ lines, choice, want string }{
		{"", "", "/usr/local/bin"},
		{"target: {cloud: nocloud}", "", "/usr/local/bin"},
		{"target: {format: ignition}", "", "/opt/bin"},
		{"", IgnitionFormat, "/opt/bin"},
		{"target: {format: ignition}", CloudConfigFormat, "/usr/local/bin"},
		{"etcd: {bin_dir: /srv/bin}", IgnitionFormat, "/srv/bin"},
	} {
		c, _, err := Parse("cluster.yaml", []byte(with(tt.lines)), func(target *Target) {
			target.Format = cmp.Or(tt.choice, target.Format)
		})
		if err != nil {
			t.Fatal(err)
		}
		if c.Etcd.BinDir != tt.want {
			t.Errorf("%s, choice %q: %s, want %s", tt.lines, tt.choice, c.Etcd.BinDir, tt.want)
		}
	}
}

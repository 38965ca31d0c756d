package spec

import "testing"

func TestAProxyIsAURLWithoutSecrets(t *testing.T) {
	with := func(proxy string) string { return with("etcd: {proxy: '" + proxy + "'}") }
	run(t, []badCase{
		{"plain", with("http://proxy.example.com:3128"), nil},
		{"an address", with("https://[2001:db8::1]:3129/"), nil},
		{"no URL", with("proxy.example.com:3128"), []string{
			`6:15: etcd.proxy: "proxy.example.com:3128" is not an http or https URL (write it like http://proxy.example.com:3128)`,
		}},
		{"SOCKS", with("socks5://proxy.example.com:1080"), []string{
			`6:15: etcd.proxy: "socks5://proxy.example.com:1080" is not an http or https URL (write it like http://proxy.example.com:3128)`,
		}},
		{"a password", with("http://me:secret@proxy.example.com:3128"), []string{
			"6:15: etcd.proxy holds credentials (remove them: user-data can be read by every process on the host)",
		}},
		{"a path", with("http://proxy.example.com:3128/etcd"), []string{
			"6:15: etcd.proxy: a proxy has no path, query or fragment (give the host and the port alone)",
		}},
		{"no port", with("http://proxy.example.com"), []string{
			"6:15: warning: etcd.proxy has no port, and what downloads etcd would choose different ones (add the port, such as :3128)",
		}},
		{"nothing to download", "name: x\nmembers: [{name: a, address: 10.0.0.2}, {name: b, address: 10.0.0.3}, {name: c, address: 10.0.0.4}]\n" +
			"etcd: {preinstalled: true, proxy: 'http://proxy.example.com:3128'}\n", []string{
			"3:35: etcd.proxy has no use where etcd.preinstalled is true: nothing is downloaded (remove one of the two)",
		}},
	})
}

package spec

import "net/url"

// checkProxy checks the URL of a proxy; it ends up in user-data, which is no place for credentials.
func (d *document) checkProxy(proxy string) {
	n := d.node("etcd", "proxy")
	if proxy == "" || d.bad[n] {
		return
	}
	u, err := url.Parse(proxy)
	switch {
	case err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https":
		d.errorf(n, "write it like http://proxy.example.com:3128", "etcd.proxy: %q is not an http or https URL", proxy)
	case u.User != nil:
		d.errorf(n, "remove them: user-data can be read by every process on the host", "etcd.proxy holds credentials")
	case u.Path != "" && u.Path != "/" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		d.errorf(n, "give the host and the port alone", "etcd.proxy: a proxy has no path, query or fragment")
	case u.Port() == "":
		d.warnf(n, "add the port, such as :3128", "etcd.proxy has no port, and what downloads etcd would choose different ones")
	}
}

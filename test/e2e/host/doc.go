// Package host boots real hosts for tests: a Debian root file system with systemd and cloud-init in systemd-nspawn, on a
// bridge in a network namespace of its own, so that a host can have any address. It needs root. It knows nothing of etcd.
//
// A test binary runs inside Main: its tests are PID 1 of private namespaces, so that however they end, be it by kill -9,
// the kernel ends every host and takes away every mount, interface and file that they made.
package host

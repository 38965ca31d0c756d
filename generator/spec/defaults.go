package spec

import (
	"path/filepath"
	"time"
)

// defaultMirrors have the same layout: BASE/vX.Y.Z/etcd-vX.Y.Z-linux-ARCH.tar.gz.
func defaultMirrors() []string {
	return []string{
		"https://storage.googleapis.com/etcd",
		"https://github.com/etcd-io/etcd/releases/download",
	}
}

// defaults returns the cluster that an empty spec stands for. Those that depend on other values are in complete.
func defaults() *Cluster {
	return &Cluster{
		InitialClusterState: "new",
		Etcd:                Etcd{Version: "3.6.14"},
		PKI: PKI{
			Key: Key{Algorithm: "ecdsa"},
			// A CA outlives every machine that trusts it: replacing it means a rolling restart of all of them, twice.
			CALifetime: Duration(10 * year),
			// Leaves are replaced without a restart, and a year is the rhythm that operators know.
			LeafLifetime: Duration(year),
			// A new cloud host often boots with a clock that is behind, and has no NTP answer yet when etcd starts.
			Backdate: Duration(time.Hour),
		},
		Target:   Target{Cloud: "generic", Image: StockImage},
		DataDisk: DataDisk{Filesystem: "ext4", Label: "etcd"},
		Maintenance: Maintenance{
			Defrag: Defrag{Threshold: 45, MinSize: 100 << 20}, // as OpenShift's cluster-etcd-operator has them
			Backup: Backup{Directory: "/var/backups/etcd", Keep: 7},
		},
		Tuning: Tuning{ // etcd's own
			QuotaBackend:      2 << 30,
			HeartbeatInterval: Duration(100 * time.Millisecond),
			ElectionTimeout:   Duration(time.Second),
		},
	}
}

// complete fills in the defaults that depend on other values, and brings values into one form. dir is the spec's folder.
func complete(c *Cluster, dir string) {
	for i := range c.Members {
		normalMember(&c.Members[i])
	}
	if !c.Etcd.Preinstalled {
		completeEtcd(c)
	}
	if c.PKI.Key.Size == 0 {
		c.PKI.Key.Size = map[string]int{"ecdsa": 256, "rsa": 3072}[c.PKI.Key.Algorithm]
	}
	for _, ca := range []*ExistingCA{c.PKI.CA, c.PKI.PeerCA} {
		if ca != nil {
			ca.Cert, ca.Key = absolute(dir, ca.Cert), absolute(dir, ca.Key)
		}
	}
	cfssl := &c.PKI.CFSSL
	cfssl.Config, cfssl.CSR = absolute(dir, cfssl.Config), absolute(dir, cfssl.CSR)
	for i, client := range c.Clients {
		if client.CommonName == "" {
			c.Clients[i].CommonName = client.Name
		}
	}
	completeTuning(c)
	completeHost(c)
}

// absolute takes a relative path from dir; an empty one stays empty.
func absolute(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}

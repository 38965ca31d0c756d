// Package spec reads cluster.yaml, the one small file that describes an etcd cluster, and turns it into a checked and
// defaulted Cluster. It knows nothing about certificates, hosts or formats.
package spec

import (
	"net/netip"
	"time"
)

// Cluster is a whole cluster.yaml after defaults: every field that has a default holds it.
type Cluster struct {
	// Name is the cluster's name: its initial-cluster-token, and part of the CAs' common names.
	Name    string   `yaml:"name"`
	Members []Member `yaml:"members"`
	// InitialClusterState is "new", or "existing" for members that join a running cluster.
	InitialClusterState string   `yaml:"initial_cluster_state"`
	Etcd                Etcd     `yaml:"etcd"`
	PKI                 PKI      `yaml:"pki"`
	Clients             []Client `yaml:"clients"`
	Target              Target   `yaml:"target"`
	Tuning              Tuning   `yaml:"tuning"`
}

// Member is one voting member and the host that it runs on.
type Member struct {
	// Name is the etcd member name, the host name and the folder in pki/members.
	Name string `yaml:"name"`
	// Address is what the others dial and what is advertised: an IPv4 or IPv6 address or a DNS name.
	Address string `yaml:"address"`
	// Addresses are further IP addresses, and DNSNames further names, that certificates must cover.
	Addresses []string `yaml:"addresses"`
	DNSNames  []string `yaml:"dns_names"`
	// Arch is the Go name of the host's architecture: "amd64" or "arm64".
	Arch string `yaml:"arch"`
}

// Etcd says which etcd is installed and where it comes from.
type Etcd struct {
	// Version is "3.6.14": no leading v.
	Version string `yaml:"version"`
	// SHA256 is the hex digest of the release tarball per architecture: given, or looked up in the built-in table.
	SHA256 map[string]string `yaml:"sha256"`
	// Mirrors are base URLs in order of preference; a tarball is at MIRROR/vX.Y.Z/etcd-vX.Y.Z-linux-ARCH.tar.gz.
	Mirrors []string `yaml:"mirrors"`
	// Preinstalled: etcd, etcdctl and etcdutl are on the image already and nothing is downloaded.
	Preinstalled bool `yaml:"preinstalled"`
}

// PKI says how certificates are made, or which existing CA signs them.
type PKI struct {
	Key          Key         `yaml:"key"`
	CALifetime   Duration    `yaml:"ca_lifetime"`
	LeafLifetime Duration    `yaml:"leaf_lifetime"`
	Backdate     Duration    `yaml:"backdate"`
	Subject      Subject     `yaml:"subject"`
	SingleCA     bool        `yaml:"single_ca"`
	CA           *ExistingCA `yaml:"ca"`
	PeerCA       *ExistingCA `yaml:"peer_ca"`
	CFSSL        CFSSLFiles  `yaml:"cfssl"`
}

// Key is a key algorithm by cfssl's names: {ecdsa, 256|384} or {rsa, 2048|3072|4096}.
type Key struct {
	Algorithm string `yaml:"algorithm"`
	Size      int    `yaml:"size"`
}

// Subject is the distinguished name of every certificate, without its common name; by cfssl's csr.json "names" keys.
type Subject struct {
	Country            string `yaml:"country"`
	State              string `yaml:"state"`
	Locality           string `yaml:"locality"`
	Organization       string `yaml:"organization"`
	OrganizationalUnit string `yaml:"organizational_unit"`
}

// ExistingCA names a PEM certificate and its private key, relative to cluster.yaml's folder; absolute after Load.
type ExistingCA struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// CFSSLFiles names a tutorial's own cfssl input files: lifetimes and usages come from the profile of ca-config.json,
// names and key algorithm from csr.json. Relative to cluster.yaml's folder; absolute after Load.
type CFSSLFiles struct {
	Config  string `yaml:"config"`
	Profile string `yaml:"profile"`
	CSR     string `yaml:"csr"`
}

// Client is one named client certificate. CommonName is etcd's RBAC user name; the default is Name.
type Client struct {
	Name         string `yaml:"name"`
	CommonName   string `yaml:"common_name"`
	Organization string `yaml:"organization"`
}

// Target is the cloud that user-data is for: "gce", "aws" or "generic"; it decides the size limit and the next steps.
type Target struct {
	Cloud string `yaml:"cloud"`
}

// Tuning holds etcd's settings. Settings are further etcd flags by their flag name ("max-txn-ops": "256").
type Tuning struct {
	QuotaBackend      Bytes             `yaml:"quota_backend"`
	AutoCompaction    AutoCompaction    `yaml:"auto_compaction"`
	HeartbeatInterval Duration          `yaml:"heartbeat_interval"`
	ElectionTimeout   Duration          `yaml:"election_timeout"`
	SnapshotCount     int               `yaml:"snapshot_count"`
	Settings          map[string]string `yaml:"settings"`
}

// AutoCompaction is off when Retention is empty. Mode is "periodic" (Retention "8h") or "revision" (Retention "1000").
type AutoCompaction struct {
	Mode      string `yaml:"mode"`
	Retention string `yaml:"retention"`
}

// Duration is a time.Duration written with units up to years: "100ms", "8760h", "90d", "10y".
type Duration time.Duration

// Bytes is a size written as "2GiB", "8G" or a plain number of bytes.
type Bytes uint64

// IP returns the member's address as an IP address; ok is false where it is a DNS name.
func (m Member) IP() (ip netip.Addr, ok bool) {
	ip, err := netip.ParseAddr(m.Address)
	return ip, err == nil
}

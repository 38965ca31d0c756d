// Package spec reads cluster.yaml, the one small file that describes an etcd cluster, and turns it into a checked and
// defaulted Cluster. It knows nothing about certificates, hosts or formats.
//
// The struct tags and field comments of Cluster are the source of cluster.schema.json, which in turn is what a file is
// checked against: run `go generate` after changing them.
package spec

//go:generate go run ./internal/schemagen cluster.schema.json

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Cluster is a whole cluster.yaml after defaults: every field that has a default holds it.
type Cluster struct {
	// The cluster's name: its initial-cluster-token, and part of the CAs' common names.
	Name string `yaml:"name" jsonschema:"required,minLength=1,example=k8s-etcd"`
	// The voting members, one host each. An odd number: three survive the loss of one, five the loss of two.
	Members []Member `yaml:"members" jsonschema:"required,minItems=1"`
	// "new" for a cluster that is founded now, "existing" for members that join a running one.
	InitialClusterState string `yaml:"initial_cluster_state,omitempty" jsonschema:"enum=new,enum=existing,default=new"`
	// Which etcd is installed and where it comes from.
	Etcd Etcd `yaml:"etcd,omitempty"`
	// How certificates are made, or which existing CA signs them.
	PKI PKI `yaml:"pki,omitempty"`
	// Named client certificates; one named "verify" is always made.
	Clients []Client `yaml:"clients,omitempty"`
	// Where the user-data is going to be used.
	Target Target `yaml:"target,omitempty"`
	// The disk that the data are on; without it they are on the host's root file system.
	DataDisk DataDisk `yaml:"data_disk,omitempty"`
	// What tells that a host is a healthy member.
	Ready Ready `yaml:"ready,omitempty"`
	// What hosts do by themselves from time to time: nothing, unless it is asked for.
	Maintenance Maintenance `yaml:"maintenance,omitempty"`
	// Overwrite and remove cloud-init's own copies of the user-data, which holds keys, once first boot is done.
	ShredUserData bool `yaml:"shred_user_data,omitempty" jsonschema:"default=false"`
	// etcd's settings.
	Tuning Tuning `yaml:"tuning,omitempty"`
}

// Member is one voting member and the host that it runs on.
type Member struct {
	// The etcd member name, the host name and the folder in pki/members.
	Name string `yaml:"name" jsonschema:"required,minLength=1,example=master1"`
	// What the other members dial, and clients too unless there is a client_address: an IPv4 or IPv6 address or a DNS name.
	Address string `yaml:"address" jsonschema:"required,minLength=1,example=10.140.0.2"`
	// What clients are told to dial, where that is not the address: an IPv4 or IPv6 address or a DNS name.
	ClientAddress string `yaml:"client_address,omitempty" jsonschema:"minLength=1,example=master1.example.com"`
	// The host's further IP addresses, of either family: its certificates cover them, and peers accept it from them.
	Addresses []string `yaml:"addresses,omitempty" jsonschema:"minLength=1,example=203.0.113.7"`
	// Further DNS names that the member's certificates must cover.
	DNSNames []string `yaml:"dns_names,omitempty" jsonschema:"minLength=1,example=master1.example.com"`
	// The architecture of the host, by Go's name.
	Arch string `yaml:"arch,omitempty" jsonschema:"enum=amd64,enum=arm64,default=amd64"`
}

// Etcd says which etcd is installed and where it comes from.
type Etcd struct {
	// The etcd version, all three parts, without a leading v.
	Version string `yaml:"version,omitempty" jsonschema:"minLength=1,default=3.6.14,example=3.6.14"`
	// SHA-256 of the release tarball per architecture, in hex. Not needed for a version in the built-in table.
	SHA256 map[string]string `yaml:"sha256,omitempty"`
	// Base URLs in order of preference; a tarball is at MIRROR/vX.Y.Z/etcd-vX.Y.Z-linux-ARCH.tar.gz.
	Mirrors []string `yaml:"mirrors,omitempty" jsonschema:"minItems=1,minLength=1,example=https://mirror.example.com/etcd"`
	// The proxy that hosts download through, as curl's https_proxy.
	Proxy string `yaml:"proxy,omitempty" jsonschema:"minLength=1,example=http://proxy.example.com:3128"`
	// The folder of etcd, etcdctl and etcdutl. The default is /usr/local/bin, or /opt/bin where target.format is ignition.
	BinDir string `yaml:"bin_dir,omitempty" jsonschema:"minLength=1,example=/opt/bin"`
	// The image has etcd, etcdctl and etcdutl in bin_dir already, and nothing is downloaded.
	Preinstalled bool `yaml:"preinstalled,omitempty" jsonschema:"default=false"`
}

// PKI says how certificates are made, or which existing CA signs them.
type PKI struct {
	// The key of every certificate that is made.
	Key Key `yaml:"key,omitempty"`
	// How long a new CA is valid.
	CALifetime Duration `yaml:"ca_lifetime" jsonschema:"default=10y,example=10y"`
	// How long member and client certificates are valid.
	LeafLifetime Duration `yaml:"leaf_lifetime" jsonschema:"default=1y,example=1y"`
	// How far before now certificates start to be valid, because a new host's clock may be behind.
	Backdate Duration `yaml:"backdate" jsonschema:"default=1h,example=1h"`
	// The distinguished name of every certificate, without its common name.
	Subject Subject `yaml:"subject,omitempty"`
	// One CA for everything. Off by default: with one CA, a client certificate is good on the peer port too.
	SingleCA bool `yaml:"single_ca,omitempty" jsonschema:"default=false"`
	// An existing CA that signs server and client certificates.
	CA *ExistingCA `yaml:"ca,omitempty"`
	// An existing CA that signs peer certificates.
	PeerCA *ExistingCA `yaml:"peer_ca,omitempty"`
	// Input files of cfssl that exist already. They decide over key, leaf_lifetime and subject.
	CFSSL CFSSLFiles `yaml:"cfssl,omitempty"`
}

// Key is a key algorithm by cfssl's names: {ecdsa, 256|384} or {rsa, 2048|3072|4096}.
type Key struct {
	// The key algorithm.
	Algorithm string `yaml:"algorithm,omitempty" jsonschema:"enum=ecdsa,enum=rsa,default=ecdsa"`
	// Bits: 256 or 384 for ecdsa (default 256), 2048, 3072 or 4096 for rsa (default 3072).
	Size int `yaml:"size,omitempty" jsonschema:"enum=256,enum=384,enum=2048,enum=3072,enum=4096"`
}

// Subject is the distinguished name of every certificate, without its common name; cfssl's csr.json has it as "names".
type Subject struct {
	// C, the country: two letters.
	Country string `yaml:"country,omitempty" jsonschema:"minLength=1,example=NL"`
	// ST, the state or province.
	State string `yaml:"state,omitempty" jsonschema:"minLength=1"`
	// L, the locality or city.
	Locality string `yaml:"locality,omitempty" jsonschema:"minLength=1"`
	// O, the organization.
	Organization string `yaml:"organization,omitempty" jsonschema:"minLength=1"`
	// OU, the organizational unit.
	OrganizationalUnit string `yaml:"organizational_unit,omitempty" jsonschema:"minLength=1"`
}

// ExistingCA names a PEM certificate and its private key; absolute after Load.
type ExistingCA struct {
	// The PEM file of the CA certificate, relative to the folder of cluster.yaml.
	Cert string `yaml:"cert" jsonschema:"required,minLength=1,example=etcd-ca.pem"`
	// The PEM file of its private key, relative to the folder of cluster.yaml.
	Key string `yaml:"key" jsonschema:"required,minLength=1,example=etcd-ca-key.pem"`
}

// CFSSLFiles names input files of cfssl: lifetimes and usages come from the profile of ca-config.json, names and key
// algorithm from csr.json. Absolute after Load.
type CFSSLFiles struct {
	// cfssl's ca-config.json, relative to the folder of cluster.yaml.
	Config string `yaml:"config,omitempty" jsonschema:"minLength=1,example=ca-config.json"`
	// The profile in it; its "default" where none is named.
	Profile string `yaml:"profile,omitempty" jsonschema:"minLength=1,example=etcd"`
	// cfssl's csr.json, relative to the folder of cluster.yaml.
	CSR string `yaml:"csr,omitempty" jsonschema:"minLength=1,example=csr.json"`
}

// Client is one named client certificate.
type Client struct {
	// The file name in pki/clients.
	Name string `yaml:"name" jsonschema:"required,minLength=1,example=kube-apiserver"`
	// The certificate's common name, which is etcd's RBAC user name. The default is the name.
	CommonName string `yaml:"common_name,omitempty" jsonschema:"minLength=1,example=kube-apiserver"`
	// The certificate's organization, in place of the one in pki.subject.
	Organization string `yaml:"organization,omitempty" jsonschema:"minLength=1,example=kubernetes"`
}

// Target says where user-data is used.
type Target struct {
	// The cloud: it decides the size limit and the encoding of user-data, and the next steps that are printed.
	Cloud string `yaml:"cloud,omitempty" jsonschema:"enum=gce,enum=aws,enum=azure,enum=openstack,enum=digitalocean,enum=hetzner,enum=nocloud,enum=generic,default=generic"`
	// What hosts are given. The default is cloud-config, or nocloud (seed ISOs) where the cloud is nocloud.
	Format string `yaml:"format,omitempty" jsonschema:"enum=cloud-config,enum=script,enum=ignition,enum=nocloud"`
	// The image of the hosts: "stock" is the distribution's, "golden" has etcd and its units baked in.
	Image string `yaml:"image,omitempty" jsonschema:"enum=stock,enum=golden,default=stock"`
}

// The formats that Target.Format names.
const (
	CloudConfigFormat = "cloud-config"
	ScriptFormat      = "script"
	IgnitionFormat    = "ignition"
	NoCloudFormat     = "nocloud"
)

// The images that Target.Image names.
const (
	StockImage  = "stock"
	GoldenImage = "golden"
)

// Tuning holds etcd's settings.
type Tuning struct {
	// The size at which the database stops to take writes. etcd advises at most 8GiB.
	QuotaBackend Bytes `yaml:"quota_backend,omitempty" jsonschema:"default=2GiB,example=2GiB"`
	// What etcd does about old revisions; it keeps them all unless this is set.
	AutoCompaction AutoCompaction `yaml:"auto_compaction,omitempty"`
	// How often the leader sends a heartbeat: about the round trip between members.
	HeartbeatInterval Duration `yaml:"heartbeat_interval,omitempty" jsonschema:"default=100ms,example=100ms"`
	// How long a follower waits for one before it stands for election: at least 5 heartbeats, at most 50s.
	ElectionTimeout Duration `yaml:"election_timeout,omitempty" jsonschema:"default=1s,example=1s"`
	// Raft entries between snapshots. The default is etcd's own: 10000, or 100000 for etcd 3.5.
	SnapshotCount int `yaml:"snapshot_count,omitempty" jsonschema:"minimum=1,example=10000"`
	// Further etcd flags by flag name without the leading dashes, such as max-txn-ops: 256.
	Settings map[string]string `yaml:"settings,omitempty"`
}

// AutoCompaction is off when Retention is empty; else Retention is in the form that etcd's own flag takes.
type AutoCompaction struct {
	// "periodic" keeps a time, "revision" keeps a number of revisions.
	Mode string `yaml:"mode,omitempty" jsonschema:"enum=periodic,enum=revision,default=periodic"`
	// What is kept: a time such as 8h (periodic) or a number such as 1000 (revision).
	Retention string `yaml:"retention,omitempty" jsonschema:"minLength=1,example=8h"`
}

// IP returns the member's address as an IP address; ok is false where it is a DNS name.
func (m Member) IP() (ip netip.Addr, ok bool) {
	ip, err := netip.ParseAddr(m.Address)
	return ip, err == nil
}

// Dialled is what clients are told to dial.
func (m Member) Dialled() string { return cmp.Or(m.ClientAddress, m.Address) }

// Minor is the version without its patch number: "3.6".
func (e Etcd) Minor() string {
	return e.Version[:strings.LastIndexByte(e.Version, '.')]
}

// Arches are the architectures of the members, sorted, each once.
func (c *Cluster) Arches() []string {
	var arches []string
	for _, m := range c.Members {
		arches = append(arches, m.Arch)
	}
	slices.Sort(arches)
	return slices.Compact(arches)
}

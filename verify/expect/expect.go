// Package expect is the public expectation about a cluster, out/expect.json: what etcdbake promises and etcd-verify
// checks. It holds no secret, and it is all that the two programs share.
package expect

import "time"

// Schema names this format and its version; a reader refuses any other.
const Schema = "etcdbake.expect/v1"

// ProgramsRecord is where first boot notes, as sha256sum does, what the programs that it installed hash to: they come in a
// tarball whose checksum is known beforehand, not theirs.
const ProgramsRecord = "/etc/etcdbake/programs.sha256"

// Cluster is the whole document.
type Cluster struct {
	Schema      string `json:"schema"`
	Name        string `json:"name"`
	Token       string `json:"token"`
	EtcdVersion string `json:"etcd_version"` // "3.6.14"
	// CA signs servers and clients, PeerCA peers; equal where one CA does both.
	CA      Certificate `json:"ca"`
	PeerCA  Certificate `json:"peer_ca"`
	Members []Member    `json:"members"`
	Clients []Client    `json:"clients"`
	// Settings are etcd.conf's lines that are the same on every member: ETCD_QUOTA_BACKEND_BYTES → 2147483648.
	Settings map[string]string `json:"settings"`
}

// Member is one member: what it advertises, and the certificates that it must serve.
type Member struct {
	Name       string      `json:"name"`
	PeerURLs   []string    `json:"peer_urls"`
	ClientURLs []string    `json:"client_urls"`
	Learner    bool        `json:"learner"`
	Server     Certificate `json:"server_certificate"`
	Peer       Certificate `json:"peer_certificate"`
	// Files, Binaries and Units are what the member's host must look like, for `etcd-verify --host`; a file that was written
	// before they were known has none of them.
	Files    []File   `json:"files,omitempty"`
	Binaries []File   `json:"binaries,omitempty"`
	Units    []string `json:"units,omitempty"` // enabled, and active or done
}

// File is a file or directory on a member's host.
type File struct {
	Path      string `json:"path"`
	Directory bool   `json:"directory,omitempty"`
	Mode      string `json:"mode"` // "0644"
	Owner     string `json:"owner"`
	Group     string `json:"group"`
	// SHA256 is the content's, in lower-case hex; empty where it is secret or not known beforehand.
	SHA256 string `json:"sha256,omitempty"`
	// KeyOf is the path of the certificate whose private key this file holds.
	KeyOf string `json:"key_of,omitempty"`
}

// Client is a client certificate that the CA has issued.
type Client struct {
	Name        string      `json:"name"`
	Certificate Certificate `json:"certificate"`
}

// Certificate identifies one certificate.
type Certificate struct {
	SHA256    string    `json:"sha256"` // of the DER, lower-case hex
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
}

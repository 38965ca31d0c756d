// Package plan decides what one host must look like to become a member: the one source of truth that every format encodes.
package plan

import "io/fs"

// Host is everything that one member's host needs, complete and in a fixed order.
type Host struct {
	Name string
	// Directories are made before any file is written, with their modes from the first moment.
	Directories []Directory
	Files       []File
	// Start are the units that first boot starts, in order; they are enabled too.
	Start []string
}

// Directory is a folder on the host, owned by root until first boot gives it to its owner.
type Directory struct {
	Path string
	Mode fs.FileMode
}

// File is a file on the host, owned by root; the first-boot script gives files to user etcd, which does not exist before.
type File struct {
	Path    string
	Mode    fs.FileMode
	Content []byte
	// Secret files hold a private key.
	Secret bool
	Layer  Layer
}

// Layer tells what is the same on every host of a cluster from what is one host's own.
type Layer string

// The image layer may be baked into a golden image: it is the same for every host and has no secret.
const (
	Image    Layer = "image"
	Identity Layer = "identity"
)

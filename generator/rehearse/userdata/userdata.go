// Package userdata reads cloud-config user-data as cloud-init would on a host, so that a rehearsal runs what a host would
// get and not what its generator meant. It is stricter: what cloud-init would only warn about on a host that is then broken
// is an error here. Facts: cloudinit/config/cc_write_files.py and https://docs.cloud-init.io/en/latest/reference/modules.html.
package userdata

import (
	"io/fs"
	"path"
)

// Config is the part of a cloud-config that makes an etcd member; other modules' keys are not kept.
type Config struct {
	Files   []File
	BootCmd []Command // run at every boot before files are written
	RunCmd  []Command // run once, after everything else
}

// File is one entry of write_files with its content decoded.
type File struct {
	Path    string // absolute and clean
	Mode    fs.FileMode
	Owner   string // "user:group"; empty for root
	Content []byte
	// Append adds Content to the file instead of replacing it; Defer writes it after users exist.
	Append, Defer bool
}

// Command is a program and its arguments; what cloud-init gives to the shell as one string is {"sh", "-c", string}.
type Command []string

// ReadFile returns what the host has at name after write_files, in the order of the list: entries that are deferred come last.
func (c *Config) ReadFile(name string) ([]byte, error) {
	var content []byte
	found := false
	for _, f := range c.InOrder() {
		if f.Path != path.Clean(name) {
			continue
		}
		if !f.Append {
			content = nil
		}
		content = append(content, f.Content...)
		found = true
	}
	if !found {
		return nil, &fs.PathError{Op: "read", Path: name, Err: fs.ErrNotExist}
	}
	return content, nil
}

// InOrder returns the files in the order in which cloud-init writes them.
func (c *Config) InOrder() []File {
	var now, deferred []File
	for _, f := range c.Files {
		if f.Defer {
			deferred = append(deferred, f)
		} else {
			now = append(now, f)
		}
	}
	return append(now, deferred...)
}

// Package userdata reads user-data as a host would, so that a rehearsal runs what a host would get, and inspect shows it: not
// what its generator meant. Files of any origin are read; what is wrong with them is told with its line.
//
// Facts about cloud-config: cloudinit/config/cc_write_files.py and
// https://docs.cloud-init.io/en/latest/reference/modules.html.
package userdata

import (
	"io/fs"
	"path"
)

// Host is what user-data makes of a host.
type Host struct {
	Formats  []string // of its documents, each once: CloudConfig and the others
	Wrapping []string // what was around them, outermost first: "gzip"
	// Document is the user-data without the gzip and base64 that may be around all of it.
	Document []byte
	// Directories are those that are asked for themselves; the parents of files are not among them.
	Directories []Directory
	Files       []File
	Units       []Unit
	Commands    []Command
	// Modules are the other keys of a cloud-config and sections of an Ignition config, in order: what they do is not followed.
	Modules []Module
	// Problems are what would go wrong on the host, or not be as its author meant it; the rest of Host is what the host would
	// still make of it.
	Problems []error

	keys  []string       // of the cloud-configs that were read
	units map[string]int // where in Units a name is, while commands are followed
}

// Directory is a folder and its mode.
type Directory struct {
	Path  string // absolute and clean
	Mode  fs.FileMode
	Owner string // "user:group"; empty for root
}

// File is one file with its content decoded. Mode has the bits of chmod(2), setuid and the like too.
type File struct {
	Path    string // absolute and clean
	Mode    fs.FileMode
	Owner   string // "user:group"; empty for root
	Content []byte
	// Append adds Content to the file instead of replacing it; Defer writes it after users exist.
	Append, Defer bool
}

// Unit is what becomes of a unit of systemd.
type Unit struct {
	Name             string
	Enabled, Started bool
}

// Command is a program and its arguments; what is given to the shell as one string is {"sh", "-c", string}.
type Command struct {
	When  When
	Words []string
}

// When tells how often a command is run.
type When string

// EveryBoot commands run before files are written, FirstBoot ones once, after everything else.
const (
	EveryBoot When = "every boot"
	FirstBoot When = "first boot"
)

// Module is something else that is done to the host: its name, and what it is told, as YAML with secrets taken out.
type Module struct {
	Name, Text string
	// Sum is the SHA-256 of the text with its secrets, to tell whether they differ. It is not to be shown: a password can be
	// guessed from it.
	Sum [32]byte
}

// ReadFile returns what the host has at name once all is written, in order: entries that are deferred come last.
func (h *Host) ReadFile(name string) ([]byte, error) {
	var content []byte
	found := false
	for _, f := range h.InOrder() {
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

// InOrder returns the files in the order in which they are written.
func (h *Host) InOrder() []File {
	var now, deferred []File
	for _, f := range h.Files {
		if f.Defer {
			deferred = append(deferred, f)
		} else {
			now = append(now, f)
		}
	}
	return append(now, deferred...)
}

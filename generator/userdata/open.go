package userdata

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Formats of a document.
const (
	CloudConfig = "cloud-config"
	Script      = "shell script"
	BakedScript = "shell script of etcdbake"
	BootHook    = "boot hook"
	Ignition    = "Ignition"
	Include     = "include"
	PartHandler = "part handler"
	Template    = "template"
)

// ISO is the wrapping that is a seed for cloud-init's datasource NoCloud.
const ISO = "ISO 9660"

// MaxSize is the largest user-data that is read, in bytes.
const MaxSize = maxSize

// Open reads user-data in any format: a cloud-config, a shell script or an Ignition config, as it is, in gzip, base64, MIME or a
// cloud-config-archive, or in a seed ISO, and in each other. The error says why it cannot be read at all; what would go wrong on
// the host is among its problems.
func Open(data []byte) (*Host, error) {
	if len(data) > maxSize {
		return nil, errors.New("it is larger than 16 MiB, and no cloud takes a tenth of that: is it the right file?")
	}
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, errors.New("the user-data is empty")
	}
	u := unwrapper{room: maxSize}
	if err := u.unwrap(part{content: data}, 0); err != nil {
		return nil, err
	}
	if len(u.parts) == 0 {
		return nil, errors.New("a message without a part")
	}
	h := &Host{Wrapping: u.layers, Document: u.document}
	room := maxSize
	for _, p := range u.parts {
		more, err := p.open(room)
		if err != nil {
			return nil, fmt.Errorf("%s%w", p.place, err)
		}
		for _, f := range more.Files {
			room -= len(f.Content)
		}
		h.add(p, more)
	}
	if u.seed != nil {
		h.seedModules(*u.seed)
	}
	h.followCommands()
	return h, nil
}

// Decode is Open for user-data that must be right: the first problem is an error.
func Decode(data []byte) (*Host, error) {
	h, err := Open(data)
	if err == nil && len(h.Problems) > 0 {
		err = h.Problems[0]
	}
	if err != nil {
		return nil, err
	}
	return h, nil
}

// open reads one document.
func (p part) open(room int) (*Host, error) {
	switch first, _, _ := bytes.Cut(p.content, []byte("\n")); {
	case isCloudConfig(first) || p.kind == "text/cloud-config":
		c, err := readCloudConfig(p.content, room)
		if err != nil {
			return nil, err
		}
		c.host.Formats = []string{CloudConfig}
		return c.host, nil
	case bytes.HasPrefix(first, []byte("#cloud-boothook")) || p.kind == "text/cloud-boothook":
		return foreignScript(p.content, BootHook, EveryBoot), nil
	case bytes.HasPrefix(first, []byte("#!")) || strings.HasPrefix(p.kind, "text/x-shellscript"):
		return readScript(p.content, room)
	case bytes.HasPrefix(bytes.TrimSpace(first), []byte("{")):
		return readIgnition(p.content, room)
	case bytes.HasPrefix(first, []byte("#include")):
		return unknown(Include, "line 1: an include is fetched by the host: give what its URLs lead to"), nil
	case bytes.HasPrefix(first, []byte("#part-handler")):
		return unknown(PartHandler, "line 1: a part handler is a program: what it does to the host cannot be told"), nil
	case bytes.HasPrefix(first, []byte("## template:")):
		return unknown(Template,
			"line 1: a template is rendered on the host from its metadata; give the finished cloud-config"), nil
	default:
		return nil, fmt.Errorf("line 1: user-data must start with %s, or cloud-init does not take it for a cloud-config; "+
			"it is no shell script (#!), Ignition config ({), MIME message or seed ISO either", cloudConfigHeader)
	}
}

// unknown is what can be said of a document that is not followed.
func unknown(format, problem string) *Host {
	return &Host{Formats: []string{format}, Problems: []error{errors.New(problem)}}
}

// add joins what another document makes of the host. A key of a later cloud-config replaces the same of an earlier one
// (cloudinit/handlers/cloud_config.py, DEF_MERGERS is "dict(replace)+list()+str()"), unless it says otherwise.
func (h *Host) add(p part, more *Host) {
	for _, problem := range more.Problems {
		if p.place != "" {
			problem = fmt.Errorf("%s%w", p.place, problem)
		}
		h.Problems = append(h.Problems, problem)
	}
	replaced := func(key string, have bool) bool {
		if !have || p.merges || !slices.Equal(more.Formats, []string{CloudConfig}) || !slices.Contains(more.keys, key) {
			return false
		}
		h.Problems = append(h.Problems, fmt.Errorf("%sits %s replaces that of an earlier part", p.place, key))
		return true
	}
	if replaced("write_files", slices.Contains(h.keys, "write_files")) {
		h.Files = nil
	}
	for key, when := range map[string]When{"bootcmd": EveryBoot, "runcmd": FirstBoot} {
		if replaced(key, slices.Contains(h.keys, key)) {
			h.Commands = slices.DeleteFunc(h.Commands, func(c Command) bool { return c.When == when })
		}
	}
	for _, m := range more.Modules {
		same := func(other Module) bool { return other.Name == m.Name }
		if replaced(m.Name, slices.ContainsFunc(h.Modules, same)) {
			h.Modules = slices.DeleteFunc(h.Modules, same)
		}
	}
	h.keys = append(h.keys, more.keys...)
	if !slices.Contains(h.Formats, more.Formats[0]) {
		h.Formats = append(h.Formats, more.Formats[0])
	}
	h.Directories = append(h.Directories, more.Directories...)
	h.Files = append(h.Files, more.Files...)
	h.Units = append(h.Units, more.Units...)
	h.Commands = append(h.Commands, more.Commands...)
	h.Modules = append(h.Modules, more.Modules...)
}

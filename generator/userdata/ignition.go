package userdata

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"

	"github.com/coreos/ignition/v2/config/v3_5"
	"github.com/coreos/ignition/v2/config/v3_5/types"
	"github.com/vincent-petithory/dataurl"
	"gopkg.in/yaml.v3"
)

// readIgnition reads an Ignition config of any version 3 (https://coreos.github.io/ignition/configuration-v3_5/).
func readIgnition(document []byte, room int) (*Host, error) {
	if err := checkJSON(document); err != nil {
		return nil, fmt.Errorf("the Ignition config: %w", err)
	}
	config, report, err := v3_5.ParseCompatibleVersion(document)
	if err != nil {
		if len(report.Entries) > 0 {
			return nil, fmt.Errorf("the Ignition config: %s", report.Entries[0].String())
		}
		return nil, fmt.Errorf("the Ignition config: %w", err)
	}
	r := ignition{host: &Host{Formats: []string{Ignition}}, room: room}
	if whole := config.Ignition.Config.Replace; whole.Source != nil {
		// Ignition takes what this names, and nothing of what is beside it.
		inner, err := r.resource(whole)
		if err != nil {
			return nil, fmt.Errorf("the Ignition config is to be replaced by another one: %w", err)
		}
		return readIgnition(inner, r.room)
	}
	for _, entry := range report.Entries {
		r.host.Problems = append(r.host.Problems, errors.New(entry.String()))
	}
	for _, d := range config.Storage.Directories {
		r.host.Directories = append(r.host.Directories, Directory{
			Path: path.Clean(d.Path), Mode: mode(d.Mode, 0o755), Owner: owner(d.Node),
		})
	}
	for _, f := range config.Storage.Files {
		if err := r.file(f); err != nil {
			return nil, err
		}
	}
	for _, u := range config.Systemd.Units {
		r.unit(u)
	}
	return r.host, r.modules(config)
}

// checkJSON says where a document is not JSON.
func checkJSON(document []byte) error {
	var any json.RawMessage
	err := json.Unmarshal(document, &any)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := document[:min(int(syntax.Offset), len(document))]
		return fmt.Errorf("line %d: not JSON: %w", 1+bytes.Count(before, []byte("\n")), err)
	}
	return err
}

// ignition is an Ignition config while it is read.
type ignition struct {
	host *Host
	room int // bytes that contents may still take
}

func (r *ignition) problem(format string, args ...any) {
	r.host.Problems = append(r.host.Problems, fmt.Errorf(format, args...))
}

// file reads a file and what is appended to it, each as a file of its own.
func (r *ignition) file(f types.File) error {
	one := File{Path: path.Clean(f.Path), Mode: mode(f.Mode, 0o644), Owner: owner(f.Node)}
	for i, source := range append([]types.Resource{f.Contents}, f.Append...) {
		one.Append = i > 0
		if source.Source == nil && i == 0 && len(f.Append) > 0 {
			continue // only appends to what is there
		}
		content, err := r.resource(source)
		if errors.Is(err, errTooLarge) {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		if err != nil {
			r.problem("%s: %w", f.Path, err)
		}
		one.Content = content
		r.host.Files = append(r.host.Files, one)
	}
	return nil
}

// resource returns what a data: URL holds.
func (r *ignition) resource(from types.Resource) ([]byte, error) {
	if from.Source == nil || *from.Source == "" {
		return nil, nil
	}
	data, err := dataurl.DecodeString(*from.Source)
	if err != nil {
		return nil, errors.New("its content is fetched by the host, and not known here")
	}
	content := data.Data
	if from.Compression != nil && *from.Compression == "gzip" {
		if content, err = gunzip(content, r.room); err != nil {
			return nil, err
		}
	}
	if r.room -= len(content); r.room < 0 {
		return nil, errTooLarge
	}
	return content, nil
}

// unit keeps a unit, and its text and drop-ins as the files that they become. Ignition runs before systemd does, so what it
// enables is started too.
func (r *ignition) unit(u types.Unit) {
	file := func(path string, content *string) {
		if content != nil && *content != "" {
			r.host.Files = append(r.host.Files, File{Path: path, Mode: 0o644, Content: []byte(*content)})
		}
	}
	at := path.Join("/etc/systemd/system", path.Clean("/"+u.Name))
	file(at, u.Contents)
	for _, d := range u.Dropins {
		file(path.Join(at+".d", path.Clean("/"+d.Name)), d.Contents)
	}
	enabled := u.Enabled != nil && *u.Enabled
	r.host.Units = append(r.host.Units, Unit{Name: u.Name, Enabled: enabled, Started: enabled})
	if u.Mask != nil && *u.Mask {
		r.problem("%s is masked: it cannot be started", u.Name)
	}
}

// modules keeps what is not followed: all but files, folders and units.
func (r *ignition) modules(config types.Config) error {
	config.Storage.Files, config.Storage.Directories, config.Systemd.Units = nil, nil, nil
	config.Ignition.Version = "" // which does nothing to the host
	text, err := json.Marshal(config)
	if err != nil {
		return err
	}
	var tree yaml.Node
	if err := yaml.Unmarshal(text, &tree); err != nil {
		return err
	}
	root := tree.Content[0]
	blockStyle(root)
	top := map[string]*yaml.Node{}
	c := cloudConfig{host: r.host}
	for i := 0; i+1 < len(root.Content); i += 2 {
		if prune(root.Content[i+1]) {
			c.keys = append(c.keys, root.Content[i].Value)
			top[root.Content[i].Value] = root.Content[i+1]
		}
	}
	return c.modules(top)
}

// blockStyle makes a tree that comes from JSON look like YAML.
func blockStyle(n *yaml.Node) {
	n.Style = 0
	for _, child := range n.Content {
		blockStyle(child)
	}
}

// prune removes what is empty, and tells whether anything is left.
func prune(n *yaml.Node) bool {
	switch n.Kind {
	case yaml.MappingNode:
		var kept []*yaml.Node
		for i := 0; i+1 < len(n.Content); i += 2 {
			if prune(n.Content[i+1]) {
				kept = append(kept, n.Content[i], n.Content[i+1])
			}
		}
		n.Content = kept
		return len(kept) > 0
	case yaml.SequenceNode:
		for _, item := range n.Content {
			prune(item)
		}
		return len(n.Content) > 0
	}
	return n.ShortTag() != "!!null" && n.Value != ""
}

func mode(given *int, otherwise fs.FileMode) fs.FileMode {
	if given == nil {
		return otherwise
	}
	return fs.FileMode(*given & 0o7777)
}

// owner is "user:group"; empty where both are root's.
func owner(n types.Node) string {
	name := func(name *string, id *int) string {
		switch {
		case name != nil:
			return *name
		case id != nil && *id != 0:
			return strconv.Itoa(*id)
		}
		return ""
	}
	user, group := name(n.User.Name, n.User.ID), name(n.Group.Name, n.Group.ID)
	if user == "" && group == "" {
		return ""
	}
	return cmp.Or(user, "root") + ":" + cmp.Or(group, "root")
}

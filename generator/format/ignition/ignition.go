// Package ignition encodes a host's plan as an Ignition config, which Flatcar and Fedora CoreOS take in place of a
// cloud-config: https://coreos.github.io/ignition/configuration-v3_3/.
//
// Ignition applies it once, in the initramfs, and ends in an emergency shell if it cannot. A host that loses power before
// the first boot is complete gets all of it again; so files overwrite what is there, and directories are kept.
package ignition

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"unicode/utf8"

	"github.com/coreos/ignition/v2/config/v3_3/types"
	"github.com/vincent-petithory/dataurl"

	"github.com/etcdbake/etcdbake/generator/compress"
	"github.com/etcdbake/etcdbake/generator/plan"
)

// Form is how a config is written.
type Form int

// Readable is laid out on lines, has units as they are and each file compressed where that is smaller; Compact has the same
// config, compressed as a whole, in one that names it as its replacement: for a cloud whose limit the readable form exceeds.
const (
	Readable Form = iota
	Compact
)

// version is the newest that both systems are sure to take: Flatcar since 3185.0.0, Fedora CoreOS since Ignition 2.11
// (https://www.flatcar.org/docs/latest/provisioning/ignition/specification/, https://coreos.github.io/ignition/specs).
const version = "3.3.0"

// unitDir is where Ignition writes units.
const unitDir = "/etc/systemd/system"

// defaultMode is what Ignition gives a unit.
const defaultMode = 0o644

// Encode returns the host's config. Equal plans give equal bytes.
func Encode(host plan.Host, form Form) ([]byte, error) {
	config, err := encode(host, form)
	if err != nil {
		return nil, fmt.Errorf("encoding the Ignition config of %s: %w", host.Name, err)
	}
	return config, nil
}

func encode(host plan.Host, form Form) ([]byte, error) {
	config, err := configOf(host, form)
	if err != nil {
		return nil, err
	}
	if form == Readable {
		return marshal(config, "  ")
	}
	inner, err := marshal(config, "")
	if err != nil {
		return nil, err
	}
	whole, err := packed(inner)
	if err != nil {
		return nil, err
	}
	outer := types.Config{Ignition: types.Ignition{Version: version, Config: types.IgnitionConfig{Replace: whole}}}
	return marshal(outer, "")
}

func configOf(host plan.Host, form Form) (types.Config, error) {
	config := types.Config{Ignition: types.Ignition{Version: version}}
	for _, d := range host.Directories {
		config.Storage.Directories = append(config.Storage.Directories, types.Directory{
			Node: types.Node{Path: d.Path}, DirectoryEmbedded1: types.DirectoryEmbedded1{Mode: pointer(int(d.Mode.Perm()))},
		})
	}
	for _, f := range host.Files {
		if isUnit(f) {
			config.Systemd.Units = append(config.Systemd.Units, types.Unit{
				Name: path.Base(f.Path), Contents: pointer(string(f.Content)),
			})
			continue
		}
		contents, err := resource(f.Content, form)
		if err != nil {
			return config, fmt.Errorf("%s: %w", f.Path, err)
		}
		config.Storage.Files = append(config.Storage.Files, types.File{
			Node:          types.Node{Path: f.Path, Overwrite: pointer(true)},
			FileEmbedded1: types.FileEmbedded1{Mode: pointer(int(f.Mode.Perm())), Contents: contents},
		})
	}
	enable(&config, host.Unit)
	return config, nil
}

// isUnit tells whether Ignition writes the file as it is when it is given as a unit.
func isUnit(f plan.File) bool {
	kinds := []string{".service", ".socket", ".mount", ".automount", ".swap", ".target", ".path", ".timer", ".slice"}
	return path.Dir(f.Path) == unitDir && slices.Contains(kinds, path.Ext(f.Path)) &&
		f.Mode == defaultMode && len(f.Content) > 0 && utf8.Valid(f.Content)
}

// enable enables a unit by a preset, which systemd obeys on the first boot of a new system. On a golden image, the unit
// is there already, and systemd may have been too (machine-id(5)): there the link that a preset comes to is made as well.
func enable(config *types.Config, unit string) {
	i := slices.IndexFunc(config.Systemd.Units, func(u types.Unit) bool { return u.Name == unit })
	if i < 0 {
		i = len(config.Systemd.Units)
		config.Systemd.Units = append(config.Systemd.Units, types.Unit{Name: unit})
		config.Storage.Links = append(config.Storage.Links, types.Link{
			Node:          types.Node{Path: path.Join(unitDir, "multi-user.target.wants", unit), Overwrite: pointer(true)},
			LinkEmbedded1: types.LinkEmbedded1{Target: pointer(path.Join(unitDir, unit))},
		})
	}
	config.Systemd.Units[i].Enabled = pointer(true)
}

// resource is content as a data URL: of the readable form, compressed where that is smaller.
func resource(content []byte, form Form) (types.Resource, error) {
	plain := "data:," + dataurl.Escape(content)
	if form == Readable {
		if whole, err := packed(content); err != nil || len(*whole.Source) < len(plain) {
			return whole, err
		}
	}
	return types.Resource{Source: &plain}, nil
}

// packed is content as a compressed data URL.
func packed(content []byte) (types.Resource, error) {
	zipped, err := compress.Gzip(content)
	if err != nil {
		return types.Resource{}, err
	}
	source := "data:;base64," + base64.StdEncoding.EncodeToString(zipped)
	return types.Resource{Source: &source, Compression: pointer("gzip")}, nil
}

func pointer[T any](v T) *T { return &v }

// marshal returns the config as JSON without the empty objects that Ignition's types leave in it.
func marshal(config types.Config, indent string) ([]byte, error) {
	full, err := json.Marshal(config)
	if err != nil {
		return nil, err
	}
	var document any
	if err := json.Unmarshal(full, &document); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", indent)
	err = encoder.Encode(pruned(document))
	return out.Bytes(), err
}

// pruned removes empty objects from a JSON value.
func pruned(value any) any {
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			value[i] = pruned(item)
		}
	case map[string]any:
		for key, member := range value {
			member = pruned(member)
			if object, ok := member.(map[string]any); ok && len(object) == 0 {
				delete(value, key)
				continue
			}
			value[key] = member
		}
	}
	return value
}

package userdata

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"

	"gopkg.in/yaml.v3"
)

// ISO 9660 (ECMA-119): everything is in sectors of this size, and volume descriptors begin in sector 16.
const (
	sector          = 2048
	firstDescriptor = 16
	maxDescriptors  = 16 // real images have three
)

// seedLabel is the volume that cloud-init's datasource NoCloud looks for, in either case
// (https://docs.cloud-init.io/en/latest/reference/datasources/nocloud.html).
const seedLabel = "cidata"

// isISO tells whether a document is a file system of ISO 9660.
func isISO(content []byte) bool {
	const at = firstDescriptor*sector + 1
	return len(content) >= at+5 && string(content[at:at+5]) == "CD001"
}

// seed is what is in the root folder of a seed ISO, by name.
type seed struct {
	label string
	files map[string][]byte
}

var errISO = errors.New("the ISO image is cut off")

// readSeed reads an image by its Rock Ridge or Joliet names where it has such, as Linux does. It is a reader of our own, since
// those that there are trust the image.
func readSeed(image []byte) (seed, error) {
	s := seed{files: map[string][]byte{}}
	var plain, joliet []byte // the root's directory records
	for i := 0; i < maxDescriptors; i++ {
		d, ok := slice(image, (firstDescriptor+i)*sector, sector)
		if !ok || d[0] == 255 {
			break
		}
		switch {
		case d[0] == 1 && plain == nil:
			s.label = strings.TrimRight(string(d[40:72]), " \x00")
			plain = d[156:190]
		case d[0] == 2 && bytes.HasPrefix(d[88:120], []byte("%/")):
			joliet = d[156:190]
		}
	}
	if plain == nil {
		return s, errors.New("the ISO image has no primary volume")
	}
	ridged, err := s.folder(image, plain, isoName)
	if err == nil && joliet != nil && !ridged {
		clear(s.files)
		_, err = s.folder(image, joliet, jolietName)
	}
	return s, err
}

// slice returns length bytes of an image from an offset, if it has them.
func slice(image []byte, offset, length int) ([]byte, bool) {
	if offset < 0 || length < 0 || offset > len(image) || length > len(image)-offset {
		return nil, false
	}
	return image[offset : offset+length], true
}

// extent returns what a directory record points to.
func extent(image, record []byte) ([]byte, bool) {
	return slice(image, int(binary.LittleEndian.Uint32(record[2:]))*sector, int(binary.LittleEndian.Uint32(record[10:])))
}

// folder reads the files of a folder, but not those in folders below; ridged tells whether it has Rock Ridge names.
func (s *seed) folder(image, root []byte, nameOf func([]byte) string) (ridged bool, err error) {
	records, ok := extent(image, root)
	if !ok {
		return false, errISO
	}
	for at := 0; at < len(records); {
		length := int(records[at])
		if length == 0 { // none goes over the end of a sector
			at = (at/sector + 1) * sector
			continue
		}
		record, ok := slice(records, at, length)
		if !ok || length < 34 || 33+int(record[32]) > length {
			return false, errISO
		}
		at += length
		const isFolder = 2
		if record[25]&isFolder != 0 {
			continue
		}
		name := nameOf(record[33 : 33+int(record[32])])
		if ridge := ridgeName(record); ridge != "" {
			name, ridged = ridge, true
		}
		content, ok := extent(image, record)
		if !ok {
			return false, errISO
		}
		s.files[name] = content
	}
	return ridged, nil
}

// isoName is the name as Linux shows it: in lower case and without version.
func isoName(raw []byte) string {
	name, _, _ := strings.Cut(string(raw), ";")
	return strings.ToLower(strings.TrimSuffix(name, "."))
}

func jolietName(raw []byte) string {
	var units []uint16
	for i := 0; i+1 < len(raw); i += 2 {
		units = append(units, binary.BigEndian.Uint16(raw[i:]))
	}
	name, _, _ := strings.Cut(string(utf16.Decode(units)), ";")
	return name
}

// ridgeName returns the name in a record's NM entries (IEEE P1282, 4.1.4), which follow the ISO name.
func ridgeName(record []byte) string {
	var name strings.Builder
	at := 33 + int(record[32])
	at += at % 2 // the system use area begins at an even offset
	for at+4 < len(record) {
		length := int(record[at+2])
		if length < 5 || at+length > len(record) {
			break
		}
		if string(record[at:at+2]) == "NM" {
			name.Write(record[at+5 : at+length])
		}
		at += length
	}
	return name.String()
}

// seedModules keeps what a seed has besides user-data, and says what is wrong with it.
func (h *Host) seedModules(s seed) {
	if !strings.EqualFold(s.label, seedLabel) {
		h.Problems = append(h.Problems, fmt.Errorf("the volume is called %q: cloud-init looks for %s", s.label, seedLabel))
	}
	for _, name := range []string{"meta-data", "network-config", "vendor-data"} {
		content, ok := s.files[name]
		switch {
		case !ok && name == "meta-data":
			h.Problems = append(h.Problems, errors.New("the seed has no meta-data, without which cloud-init does not take it"))
		case ok:
			h.Modules = append(h.Modules, h.seedModule(name, content))
		}
	}
}

func (h *Host) seedModule(name string, content []byte) Module {
	m := Module{Name: name, Sum: sha256.Sum256(content)}
	var tree yaml.Node
	err := yaml.Unmarshal(content, &tree)
	if err == nil && len(tree.Content) > 0 {
		redactor{}.node(&tree, false)
		var text []byte
		if text, err = yamlText(&tree); err == nil {
			m.Text = string(text)
		}
	}
	if err != nil {
		h.Problems = append(h.Problems, fmt.Errorf("%s is not YAML: %w", name, err))
	}
	return m
}

package userdata

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"unicode/utf16"
)

// An ISO 9660 image, as far as a seed needs it: the files in the root folder of the first session, by their names in Rock Ridge
// or Joliet, of which Linux prefers the former (mount(8)). Offsets are those of ECMA-119, counted from 0.
const (
	isoSector     = 2048
	isoFirst      = 16 // the sector of the first volume descriptor
	isoPrimary    = 1
	isoSupplement = 2 // with Joliet's names, by its escape sequences
	isoEnd        = 255
	isoMost       = 16 // descriptors: there are two or three

	isoIsFolder = 2 // a flag of a directory record
)

// isISO tells whether a document is a file system of ISO 9660.
func isISO(content []byte) bool {
	const at = isoFirst*isoSector + 1
	return len(content) > at+5 && string(content[at:at+5]) == "CD001"
}

// seedOf returns the user-data on a seed for cloud-init's datasource NoCloud.
func seedOf(image []byte) ([]byte, error) {
	var names []string
	for n := isoFirst; n < isoFirst+isoMost; n++ {
		descriptor, err := isoExtent(image, n, isoSector)
		if err != nil {
			return nil, err
		}
		joliet := descriptor[0] == isoSupplement && strings.HasPrefix(string(descriptor[88:91]), "%/")
		if descriptor[0] == isoEnd || string(descriptor[1:6]) != "CD001" {
			break
		}
		if descriptor[0] != isoPrimary && !joliet {
			continue
		}
		files, err := isoFolder(image, descriptor[156:190], joliet)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			if f.name == "user-data" {
				return isoExtent(image, f.sector, f.size)
			}
			names = append(names, f.name)
		}
	}
	return nil, fmt.Errorf("the ISO image has no user-data in its root folder, but %q", names)
}

type isoFile struct {
	name         string
	sector, size int
}

// isoFolder lists the files of a folder, given its directory record.
func isoFolder(image, record []byte, joliet bool) ([]isoFile, error) {
	content, err := isoExtent(image, isoNumber(record[2:]), isoNumber(record[10:]))
	if err != nil {
		return nil, err
	}
	var files []isoFile
	for at := 0; at < len(content); {
		length := int(content[at])
		if length == 0 { // a record does not cross sectors
			at = (at/isoSector + 1) * isoSector
			continue
		}
		if length < 34 || at+length > len(content) || 33+int(content[at+32]) > length {
			return nil, errors.New("the ISO image has a damaged directory record")
		}
		record := content[at : at+length]
		if record[25]&isoIsFolder == 0 {
			files = append(files, isoFile{isoName(record, joliet), isoNumber(record[2:]), isoNumber(record[10:])})
		}
		at += length
	}
	return files, nil
}

// isoName is a file's name: Joliet's is in UCS-2, Rock Ridge's in entries behind the plain one (RRIP, NM).
func isoName(record []byte, joliet bool) string {
	end := 33 + int(record[32])
	plain := record[33:end]
	if joliet {
		var units []uint16
		for ; len(plain) >= 2; plain = plain[2:] {
			units = append(units, binary.BigEndian.Uint16(plain))
		}
		return isoUnversioned(string(utf16.Decode(units)))
	}
	var name string
	for entries := record[end:]; len(entries) >= 5; {
		if entries[0] == 0 {
			entries = entries[1:] // what makes the plain name's length odd
			continue
		}
		length := int(entries[2])
		if length < 5 || length > len(entries) {
			break
		}
		if string(entries[:2]) == "NM" {
			name += string(entries[5:length])
		}
		entries = entries[length:]
	}
	if name != "" {
		return name
	}
	return isoUnversioned(string(plain))
}

// isoUnversioned is a name without its version: "USERDATA.;1".
func isoUnversioned(name string) string {
	name, _, _ = strings.Cut(name, ";")
	return strings.TrimSuffix(name, ".")
}

// isoExtent returns the bytes from a sector on.
func isoExtent(image []byte, sector, size int) ([]byte, error) {
	begin := sector * isoSector
	if begin > len(image) || size > len(image)-begin {
		return nil, errors.New("the ISO image is cut off")
	}
	return image[begin : begin+size], nil
}

// isoNumber is the first half of a number that is there in both byte orders.
func isoNumber(field []byte) int { return int(binary.LittleEndian.Uint32(field)) }

package nocloud

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

// There are two libraries that write ISO 9660. github.com/kdomanski/iso9660 has neither Rock Ridge nor Joliet, so that
// cloud-init would find no file "meta-data" but one "META_DATA"; github.com/diskfs/go-diskfs wants the files, keys too,
// in a folder on disk first, and puts the time and the user's number into the image. All that a seed needs is below: a
// few files in the root folder, with their names and modes in Rock Ridge entries.
//
// The format: ECMA-119, https://ecma-international.org/publications-and-standards/standards/ecma-119/ (numbers of
// sections are those of its second edition); SUSP 1.12 and RRIP 1.09.

// sector is the size of a logical block too.
const sector = 2048

// Sectors of an image.
const (
	descriptorSector = 16 + iota // after the system area
	terminatorSector
	littlePathTable
	bigPathTable
	rootSector
	firstFileSector
)

// file is one in the root folder.
type file struct {
	name    string
	content []byte
}

// image returns a file system with the files in its root folder, which only root may read where it is mounted.
func image(label string, files []file) ([]byte, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(identifier(a.name), identifier(b.name)) })
	folder := append(rootRecord("\x00", sharing()), rootRecord("\x01", nil)...)
	var contents []byte
	for _, f := range files {
		at := firstFileSector + len(contents)/sector
		folder = append(folder, fileRecord(f, at)...)
		contents = append(contents, padded(f.content)...)
	}
	if len(folder) > sector {
		return nil, fmt.Errorf("an ISO image of %d files: they do not fit into one sector", len(files))
	}
	sectors := firstFileSector + len(contents)/sector
	out := make([]byte, descriptorSector*sector)
	for _, content := range [][]byte{
		descriptor(label, sectors), []byte("\xffCD001\x01"), pathTable(binary.LittleEndian), pathTable(binary.BigEndian), folder,
	} {
		out = append(out, padded(content)...)
	}
	return append(out, contents...), nil
}

func padded(content []byte) []byte {
	return append(bytes.Clone(content), make([]byte, (sector-len(content)%sector)%sector)...)
}

// descriptor is the primary volume descriptor (8.4).
func descriptor(label string, sectors int) []byte {
	var b bytes.Buffer
	text := func(s string, size int) { fmt.Fprintf(&b, "%-*s", size, s) }
	b.WriteString("\x01CD001\x01\x00")
	text("LINUX", 32)
	text(label, 32)
	b.Write(make([]byte, 8))
	b.Write(both32(sectors))
	b.Write(make([]byte, 32))
	b.Write(both16(1)) // volumes in the set
	b.Write(both16(1)) // the number of this one
	b.Write(both16(sector))
	b.Write(both32(len(pathTable(binary.LittleEndian))))
	b.Write(binary.LittleEndian.AppendUint32(nil, littlePathTable))
	b.Write(make([]byte, 4))
	b.Write(binary.BigEndian.AppendUint32(nil, bigPathTable))
	b.Write(make([]byte, 4))
	b.Write(rootRecord("\x00", nil))
	text("", 128) // volume set, publisher, preparer, application
	text("", 128)
	text("", 128)
	text("ETCDBAKE", 128)
	text("", 3*37) // names of files
	for range 4 {  // when it was made, changed, expires and is to be used from: not said
		b.WriteString("0000000000000000\x00") // (8.4.26.1)
	}
	b.WriteString("\x01\x00")
	return b.Bytes()
}

// pathTable has one folder, the root (6.9).
func pathTable(order binary.AppendByteOrder) []byte {
	table := order.AppendUint32([]byte{1, 0}, rootSector)
	return append(order.AppendUint16(table, 1), 0, 0)
}

// Modes of stat(2).
const (
	folderMode = 0o040500
	fileMode   = 0o100400
)

// rootRecord is the root folder's own record in its descriptor and under the names of itself and of its parent, and more.
func rootRecord(name string, more []byte) []byte {
	if more != nil || name == "\x01" {
		more = append(more, attributes(folderMode, 2)...)
	}
	return record(name, rootSector, sector, 2, more)
}

func fileRecord(f file, at int) []byte {
	name := append([]byte{'N', 'M', byte(5 + len(f.name)), 1, 0}, f.name...)
	return record(identifier(f.name), at, len(f.content), 0, append(name, attributes(fileMode, 1)...))
}

// record is a directory record (9.1): of a name in ISO 9660's own characters, with Rock Ridge's entries behind it.
func record(name string, at, size int, flags byte, entries []byte) []byte {
	b := []byte{0, 0}
	b = append(b, both32(at)...)
	b = append(b, both32(size)...)
	b = append(b, 120, 1, 1, 0, 0, 0, 0) // 2020-01-01: any time will do that is the same in every run
	b = append(b, flags, 0, 0)
	b = append(b, both16(1)...)
	b = append(b, byte(len(name)))
	b = append(b, name...)
	b = append(even(b), entries...)
	b = even(b)
	b[0] = byte(len(b))
	return b
}

func even(b []byte) []byte {
	if len(b)%2 == 1 {
		b = append(b, 0)
	}
	return b
}

// sharing says, in the root's record of itself, that Rock Ridge is used: SUSP 5.3 and 5.5.
func sharing() []byte {
	const extension = "RRIP_1991A"
	begin := []byte{'S', 'P', 7, 1, 0xbe, 0xef, 0}
	reference := []byte{'E', 'R', byte(8 + len(extension)), 1, byte(len(extension)), 0, 0, 1}
	return append(append(begin, reference...), extension...)
}

// attributes are mode, links, and root as owner: RRIP 4.1.1.
func attributes(mode, links int) []byte {
	entry := []byte{'P', 'X', 36, 1}
	for _, number := range []int{mode, links, 0, 0} {
		entry = append(entry, both32(number)...)
	}
	return entry
}

// identifier is a name in ISO 9660's own characters, 8 of them, for whoever does not know Rock Ridge (7.5, 10.1).
func identifier(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToUpper(name))
	return plain[:min(len(plain), 8)] + ".;1"
}

// both16 and both32 are numbers in both byte orders (7.2.3, 7.3.3).
func both16(n int) []byte {
	return binary.BigEndian.AppendUint16(binary.LittleEndian.AppendUint16(nil, uint16(n)), uint16(n))
}

func both32(n int) []byte {
	return binary.BigEndian.AppendUint32(binary.LittleEndian.AppendUint32(nil, uint32(n)), uint32(n))
}

package spec

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// maxSize is far above any real spec, and low enough that reading one cannot hurt.
const maxSize = 1 << 20

// document is one cluster.yaml while it is read: its lines, its YAML tree, and the problems found so far.
type document struct {
	file     string
	lines    []string
	root     *yaml.Node // a mapping; aliases and merge keys are resolved
	problems []Problem
	bad      map[*yaml.Node]bool // values that have been reported and must not be looked at again
}

// lineBreak is what YAML takes as the end of a line.
var lineBreak = regexp.MustCompile("\r\n|[\n\r\u0085\u2028\u2029]")

// open parses src. Where it cannot, root is nil and problems say why.
func open(file string, src []byte) *document {
	d := &document{file: file, bad: map[*yaml.Node]bool{}}
	src = bytes.TrimPrefix(src, []byte("\ufeff"))
	if !d.readable(src) {
		return d
	}
	d.lines = lineBreak.Split(string(src), -1)
	dec := yaml.NewDecoder(bytes.NewReader(src))
	var doc, next yaml.Node
	switch err := dec.Decode(&doc); {
	case err == io.EOF || err == nil && isNull(doc.Content[0]):
		d.at(1, 1, "the file is empty", "run etcdbake init for a spec to start from")
		return d
	case err != nil:
		d.syntax(src, err)
		return d
	}
	switch err := dec.Decode(&next); {
	case err == nil:
		d.errorf(next.Content[0], "remove the --- line and what follows, or keep it in a file of its own",
			"a second YAML document begins here")
		return d
	case err != io.EOF:
		d.syntax(src, err)
		return d
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		d.errorf(root, "begin with name: and members:, or run etcdbake init for a spec to start from",
			"the file is %s, not a mapping of keys to values", describe(root))
		return d
	}
	if d.resolve(root) {
		d.root = root
	}
	return d
}

// readable tells whether src is UTF-8 text of a sane size.
func (d *document) readable(src []byte) bool {
	if len(src) > maxSize {
		d.at(0, 0, fmt.Sprintf("the file is larger than %s", Bytes(maxSize)),
			"a cluster.yaml has a few kilobytes: is it the right file?")
		return false
	}
	if bytes.HasPrefix(src, []byte("\xff\xfe")) || bytes.HasPrefix(src, []byte("\xfe\xff")) {
		d.at(1, 1, "the file is UTF-16", "save it as UTF-8")
		return false
	}
	line, column := 1, 1
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRune(src[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			d.at(line, column, fmt.Sprintf("byte 0x%02x is not UTF-8", src[i]), "save the file as UTF-8")
			return false
		case r == '\n':
			line, column = line+1, 0
		case unicode.IsControl(r) && r != '\t' && r != '\r' && r != '\u0085':
			d.at(line, column, fmt.Sprintf("the file holds the control character %U", r), "remove it: is it a text file?")
			return false
		}
		i, column = i+size, column+1
	}
	return true
}

// at adds an error at a place of the file.
func (d *document) at(line, column int, message, hint string) {
	d.add(SeverityError, line, column, message, hint)
}

// errorf adds an error at a node.
func (d *document) errorf(n *yaml.Node, hint, format string, args ...any) {
	d.add(SeverityError, n.Line, n.Column, fmt.Sprintf(format, args...), hint)
}

// warnf adds a warning at a node.
func (d *document) warnf(n *yaml.Node, hint, format string, args ...any) {
	d.add(SeverityWarning, n.Line, n.Column, fmt.Sprintf(format, args...), hint)
}

func (d *document) add(severity Severity, line, column int, message, hint string) {
	p := Problem{Position: Position{d.file, line, column}, Severity: severity, Message: message, Hint: hint}
	if line > 0 && line <= len(d.lines) {
		p.Source = d.lines[line-1]
	}
	d.problems = append(d.problems, p)
}

// failed tells whether there is an error among the problems.
func (d *document) failed() bool {
	for _, p := range d.problems {
		if p.Severity == SeverityError {
			return true
		}
	}
	return false
}

// node returns the value at a path of keys and list indexes, or the deepest part of the path that the file has.
func (d *document) node(path ...any) *yaml.Node {
	n := d.root
	for _, step := range path {
		var next *yaml.Node
		switch step := step.(type) {
		case string:
			next = lookup(n, step)
		case int:
			if n.Kind == yaml.SequenceNode && step < len(n.Content) {
				next = n.Content[step]
			}
		}
		if next == nil {
			return n
		}
		n = next
	}
	return n
}

// has tells whether the file gives a value at a path of keys.
func (d *document) has(path ...string) bool {
	n := d.root
	for _, key := range path {
		if n = lookup(n, key); n == nil {
			return false
		}
	}
	return true
}

// lookup returns the value of a key of a mapping, or nil.
func lookup(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

// describe names the kind of a node in words.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!bool":
		return "true or false"
	case "!!int":
		return "a whole number"
	case "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	}
	return "text"
}

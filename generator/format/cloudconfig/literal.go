package cloudconfig

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// yaml.v3 looks at every character several times to choose a style, which takes most of the time that a host takes. The files are
// plain text, all of them as a rule, whose literal block is the text itself, indented. In the document one line stands for all,
// which fillIn then replaces. The bytes are the same; a test compares them.

func isPlainFile(f plan.File) bool { return isPlainPath(f.Path) && isPlain(f.Content) }

// isPlain tells whether content is lines of printable ASCII and tabs, none with white space at its end, the first with none at
// its beginning, and one line break at the end: what YAML's literal style takes as it is.
func isPlain(content []byte) bool {
	if len(content) < 2 || isSpace(content[0]) || isSpace(content[len(content)-2]) || content[len(content)-1] != '\n' {
		return false
	}
	for line := range bytes.SplitSeq(content, []byte("\n")) {
		if len(line) > 0 && isSpace(line[len(line)-1]) {
			return false
		}
		for _, c := range line {
			if (c < ' ' || c > '~') && c != '\t' {
				return false
			}
		}
	}
	return true
}

func isSpace(c byte) bool { return c == '\n' || c == ' ' || c == '\t' }

// isPlainPath tells whether YAML takes an absolute path without quotes, whatever its other characters are.
func isPlainPath(path string) bool {
	for _, c := range []byte(path) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '-' || c > '9') && c != '_' { // - . / are before the digits
			return false
		}
	}
	return path != "" && path[0] == '/'
}

// placeholder stands for the entries of plain files.
func placeholder() *yaml.Node { return text("files") }

// placeholderLine cannot be part of any other text of the document: what else is in lists of this depth are lists and mappings, and
// texts are indented further.
const placeholderLine = "\n  - files\n"

// fillIn puts the entries of files in place of the placeholder.
func fillIn(doc []byte, files []plan.File) []byte {
	before, after, found := bytes.Cut(doc, []byte(placeholderLine))
	if !found {
		return doc
	}
	size := len(doc)
	for _, f := range files {
		size += len("\n  - path: \n    permissions: \"0000\"\n    content: |") + len(f.Path) + len(f.Content) +
			len(indent)*bytes.Count(f.Content, []byte("\n"))
	}
	out := append(make([]byte, 0, size), before...)
	for _, f := range files {
		out = appendEntry(out, f)
	}
	return append(append(out, '\n'), after...)
}

const indent = "      "

// appendEntry writes a file as yaml.v3 does, from the end of the line before it up to the end of its own last line.
func appendEntry(out []byte, f plan.File) []byte {
	out = fmt.Appendf(out, "\n  - path: %s", f.Path)
	if f.Mode != defaultMode {
		out = fmt.Appendf(out, "\n    permissions: \"%04o\"", f.Mode)
	}
	out = append(out, "\n    content: |"...)
	for line := range bytes.SplitSeq(f.Content[:len(f.Content)-1], []byte("\n")) {
		out = append(out, '\n')
		if len(line) > 0 {
			out = append(append(out, indent...), line...)
		}
	}
	return out
}

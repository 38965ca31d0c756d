package cloudconfig

import (
	"bytes"
	"fmt"

	"gopkg.in/yaml.v3"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// yaml.v3 looks at every character several times to choose a style, which takes half the time that a host takes. Most files
// are plain text, whose literal block is the text itself, indented: their place in the document is a line of its own, which
// fillIn then replaces. The bytes are the same; a test compares them.

// isPlain tells whether content is lines of printable ASCII and tabs, none with white space at its end, the first with none at
// its beginning, and one line break at the end: what YAML's literal style takes as it is.
func isPlain(content []byte) bool {
	if len(content) < 2 || isSpace(content[0]) || isSpace(content[len(content)-2]) || content[len(content)-1] != '\n' {
		return false
	}
	for i, c := range content {
		if c != '\n' && c != '\t' && (c < ' ' || c > '~') || c == '\n' && isBlank(content[i-1]) {
			return false
		}
	}
	return true
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }
func isSpace(c byte) bool { return c == '\n' || isBlank(c) }

// isPlainPath tells whether YAML takes an absolute path without quotes, whatever its other characters are.
func isPlainPath(path string) bool {
	for _, c := range []byte(path) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '-' || c > '9') && c != '_' { // - . / are before the digits
			return false
		}
	}
	return path != "" && path[0] == '/'
}

// placeholder stands for the whole entry of file i.
func placeholder(i int) *yaml.Node { return text(fmt.Sprintf("file-%d", i)) }

// placeholderLine cannot be part of any other text of the document: what else is in lists of this depth are lists and mappings, and
// texts are indented further.
func placeholderLine(i int) []byte { return fmt.Appendf(nil, "\n  - file-%d\n", i) }

// fillIn puts the entries of files in place of their placeholders.
func fillIn(doc []byte, files []plan.File) []byte {
	size := len(doc)
	for _, f := range files {
		size += len("  - path: \n    permissions: \"0000\"\n    content: |\n") + len(f.Path) + len(f.Content) +
			len(indent)*bytes.Count(f.Content, []byte("\n"))
	}
	out := make([]byte, 0, size)
	for i, f := range files {
		line := placeholderLine(i)
		if at := bytes.Index(doc, line); at >= 0 {
			out = appendEntry(append(out, doc[:at]...), f)
			doc = doc[at+len(line)-1:] // from the line's end, with which the next placeholder begins
		}
	}
	return append(out, doc...)
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

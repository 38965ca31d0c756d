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

// placeholder stands for the content of file i.
func placeholder(i int) *yaml.Node { return text(fmt.Sprintf("literal-%d", i)) }

// placeholderLine cannot be part of any other text of the document, which would be indented further.
func placeholderLine(i int) []byte { return fmt.Appendf(nil, "\n    content: literal-%d\n", i) }

// fillIn puts the contents of files in place of their placeholders.
func fillIn(doc []byte, files []plan.File) []byte {
	const indent = "      "
	var out bytes.Buffer
	for i, f := range files {
		before, after, found := bytes.Cut(doc, placeholderLine(i))
		if !found {
			continue
		}
		out.Grow(2 * (len(doc) + len(f.Content)))
		out.Write(before)
		out.WriteString("\n    content: |\n")
		for line := range bytes.Lines(f.Content) {
			if len(line) > 1 {
				out.WriteString(indent)
			}
			out.Write(line)
		}
		doc = after
	}
	out.Write(doc)
	return out.Bytes()
}

package cloudconfig

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// yaml.v3 looks at every character several times to choose a style, which takes most of the time that a host takes. As a rule all of
// the text is plain: it needs no style, and in YAML is the text itself, indented. Then it is written here, and by yaml.v3 where
// anything is not. The bytes are the same; tests compare them.

// encodePlain returns the readable user-data; plain is false where something in it is not plain.
func encodePlain(host plan.Host) (doc []byte, plain bool) {
	script, commands := bootScript(host), firstBootCommands(host)
	if !isPlain([]byte(script)) || !isPlainLine(headComment(host)) || len(host.Files) == 0 ||
		slices.ContainsFunc(host.Files, func(f plan.File) bool { return !isPlainPath(f.Path) || !isPlain(f.Content) }) ||
		slices.ContainsFunc(slices.Concat(commands...), func(word string) bool { return !isPlainWord(word) }) {
		return nil, false
	}
	doc = make([]byte, 0, plainSize(host)+2*len(script))
	doc = fmt.Appendf(doc, "%s# %s\nbootcmd:\n  - - sh\n    - -c\n    - ", firstLine, headComment(host))
	doc = appendLiteral(doc, []byte(script))
	doc = append(doc, "write_files:\n"...)
	for _, f := range host.Files {
		doc = fmt.Appendf(doc, "  - path: %s\n", f.Path)
		if f.Mode != defaultMode {
			doc = fmt.Appendf(doc, "    permissions: \"%04o\"\n", f.Mode)
		}
		doc = appendLiteral(append(doc, "    content: "...), f.Content)
	}
	doc = append(doc, "runcmd:\n"...)
	for _, words := range commands {
		doc = fmt.Appendf(doc, "  - [%s]\n", strings.Join(words, ", "))
	}
	return doc, true
}

const indent = "      "

// plainSize is enough for what encodePlain returns, but for its script.
func plainSize(host plan.Host) int {
	size := 1000
	for _, f := range host.Files {
		size += 100 + len(f.Path) + len(f.Content) + len(indent)*bytes.Count(f.Content, []byte("\n"))
	}
	return size
}

// appendLiteral writes plain text as a literal block.
func appendLiteral(doc, text []byte) []byte {
	doc = append(doc, "|\n"...)
	for line := range bytes.Lines(text) {
		if len(line) > 1 {
			doc = append(doc, indent...)
		}
		doc = append(doc, line...)
	}
	return doc
}

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

// isPlainLine tells whether text is what isPlain takes for one line.
func isPlainLine(text string) bool {
	return !strings.Contains(text, "\n") && isPlain([]byte(text+"\n"))
}

// isPlainPath tells whether YAML takes an absolute path without quotes, whatever its other characters are.
func isPlainPath(path string) bool { return strings.HasPrefix(path, "/") && hasPlainCharacters(path) }

// isPlainWord tells whether YAML takes a word of a command for text without quotes: a path, or what begins with a letter, perhaps
// after two dashes, and is not one of YAML's own words.
func isPlainWord(word string) bool {
	name := strings.TrimPrefix(word, "--")
	isName := name != "" && (name[0]|0x20 >= 'a' && name[0]|0x20 <= 'z') && hasPlainCharacters(name) &&
		!slices.Contains([]string{"y", "n", "yes", "no", "on", "off", "true", "false", "null"}, strings.ToLower(name))
	return isName || isPlainPath(word)
}

func hasPlainCharacters(text string) bool {
	for _, c := range []byte(text) {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '-' || c > '9') && c != '_' { // - . / are before the digits
			return false
		}
	}
	return true
}

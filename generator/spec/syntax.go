package spec

import (
	"bytes"
	"io"
	"regexp"
	"sort"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// syntax adds the problem of a text that is not YAML. yaml.v3 gives no column, and often the line where the surrounding
// block began; but the error is there as soon as the text up to it is, so the shortest part of the text that already has
// it ends where it is.
func (d *document) syntax(src []byte, err error) {
	end := sort.Search(len(src), func(n int) bool {
		e := parseError(src[:n])
		return e != nil && e.Error() == err.Error()
	})
	before := string(src[:end])
	_, last := utf8.DecodeLastRuneInString(before)
	lines := lineBreak.Split(before[:len(before)-last], -1)
	line, column := len(lines), utf8.RuneCountInString(lines[len(lines)-1])+1

	hint := "check the indentation, quotes and brackets here and on the line before"
	if tab := strings.IndexByte(d.lines[line-1], '\t'); tab >= 0 && strings.TrimSpace(d.lines[line-1][:tab]) == "" {
		column, hint = utf8.RuneCountInString(d.lines[line-1][:tab])+1, "indent with spaces: YAML takes no tabs there"
	}
	d.at(line, column, "not YAML: "+location.ReplaceAllString(err.Error(), ""), hint)
}

// location is what yaml.v3 puts before its messages.
var location = regexp.MustCompile(`^yaml: (line \d+: )?`)

// parseError returns the first error of a YAML stream.
func parseError(src []byte) error {
	dec := yaml.NewDecoder(bytes.NewReader(src))
	for {
		var n yaml.Node
		if err := dec.Decode(&n); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

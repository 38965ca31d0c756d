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

// Up to which length of the line, and of the file before it, the column is searched: each step parses the file up to there.
const (
	maxLine   = 300
	maxBefore = 16 << 10
)

// syntax adds the problem of a text that is not YAML. yaml.v3 gives no column, and often the line where the surrounding
// block began; but the error is there as soon as the text up to it is. So the first line up to which the text already has
// the error is the line, and in it the shortest beginning that has it is the column.
func (d *document) syntax(src []byte, err error) {
	failing := func(end int) bool {
		e := parseError(src[:end])
		return e != nil && message(e) == message(err)
	}
	var ends []int
	for _, b := range lineBreak.FindAllIndex(src, -1) {
		ends = append(ends, b[1])
	}
	ends = append(ends, len(src))
	line := sort.Search(len(ends)-1, func(i int) bool { return failing(ends[i]) })
	start, column := 0, 0
	if line > 0 {
		start = ends[line-1]
	}
	if text := src[start : start+len(d.lines[line])]; utf8.RuneCount(text) <= maxLine && start <= maxBefore {
		for _, size := utf8.DecodeLastRune(text); len(text) > 0 && failing(start+len(text)-size); {
			text = text[:len(text)-size]
			_, size = utf8.DecodeLastRune(text)
		}
		column = max(1, utf8.RuneCount(text))
	}
	line++

	hint := "check the indentation, quotes and brackets here and on the line before"
	if tab := strings.IndexByte(d.lines[line-1], '\t'); tab >= 0 && strings.TrimSpace(d.lines[line-1][:tab]) == "" {
		column, hint = utf8.RuneCountInString(d.lines[line-1][:tab])+1, "indent with spaces: YAML takes no tabs there"
	}
	d.at(line, column, "not YAML: "+message(err), hint)
}

// location is what yaml.v3 puts before its messages.
var location = regexp.MustCompile(`^yaml: (line \d+: )?`)

func message(err error) string { return location.ReplaceAllString(err.Error(), "") }

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

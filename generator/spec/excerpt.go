package spec

import (
	"strings"
	"unicode"

	"github.com/mattn/go-runewidth"
)

// maxExcerpt is how many characters of a long line are shown around the caret.
const maxExcerpt = 100

// excerpt returns a source line as it can be shown on a terminal, and a line with a caret under the given column (from 1, in
// characters; 0 gives no caret). Tabs stay tabs in both, wide characters get two blanks.
func excerpt(source string, column int) (line, caret string) {
	runes := []rune(source)
	if len(runes) > maxExcerpt {
		start := min(max(0, column-maxExcerpt/2), len(runes)-maxExcerpt)
		runes, column = runes[start:start+maxExcerpt], column-start
	}
	var text, blanks strings.Builder
	for i, r := range runes {
		if r != '\t' && !unicode.IsPrint(r) {
			r = unicode.ReplacementChar
		}
		text.WriteRune(r)
		switch {
		case i >= column-1:
		case r == '\t':
			blanks.WriteRune('\t')
		default:
			blanks.WriteString(strings.Repeat(" ", runewidth.RuneWidth(r)))
		}
	}
	if column > 0 && column <= len(runes)+1 {
		caret = blanks.String() + "^"
	}
	return strings.TrimRight(text.String(), " \t"), caret
}

package docs_test

import (
	"regexp"
	"strings"
)

// A block is one fenced code block of a Markdown file.
type block struct {
	language string // the first word after the fence
	info     string // what follows it
	line     int    // of the fence, from 1
	text     string // without the fence's own indentation
}

var fence = regexp.MustCompile("^( *)```+ *([^ `]*) *([^`]*)$")

// blocks returns the fenced code blocks of a Markdown file in order.
func blocks(markdown string) []block {
	var all []block
	var open *block
	var indent string
	for i, line := range strings.Split(markdown, "\n") {
		m := fence.FindStringSubmatch(line)
		switch {
		case m != nil && open == nil:
			indent = m[1]
			open = &block{language: m[2], info: m[3], line: i + 1}
		case m != nil:
			all = append(all, *open)
			open = nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		}
	}
	return all
}

// A step is one command of a console block and the output that is shown below it.
type step struct {
	command string
	output  string
}

// steps splits the text of a console block; what stands before the first prompt belongs to no command and is ignored.
func steps(text string) []step {
	var all []step
	continued := false
	for _, line := range strings.SplitAfter(text, "\n") {
		command, prompt := strings.CutPrefix(line, "$ ")
		switch {
		case prompt && !continued:
			all = append(all, step{command: command})
		case len(all) == 0:
			continue
		case continued:
			all[len(all)-1].command += line
		default:
			all[len(all)-1].output += line
		}
		continued = (prompt || continued) && strings.HasSuffix(line, "\\\n")
	}
	return all
}

// scrub replaces what differs from run to run; the order counts, since dates have numbers in them.
func scrub(text string) string {
	for _, s := range []struct {
		find *regexp.Regexp
		put  string
	}{
		{regexp.MustCompile(`\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC)?)?`), "<date>"},
		{regexp.MustCompile(`\b[0-9a-f]{8,}\b`), "<hex>"},
		{regexp.MustCompile(`\b\d+(\.\d+)? ?(ms|µs|s|KiB|MiB|GiB|kB|MB|GB|B|%)(\W|$)`), "<number>$3"},
		{regexp.MustCompile(`│ +\d+ `), "│ <number> "},
		{regexp.MustCompile(`\b(leader|follower)\b`), "<role>"},
		{regexp.MustCompile(`[─-]{3,}`), "---"},
		{regexp.MustCompile(`[ \t]+`), " "},
		{regexp.MustCompile(` ?\n`), "\n"},
	} {
		text = s.find.ReplaceAllString(text, s.put)
	}
	return strings.TrimSpace(text)
}

// fits tells whether the output is what the documentation shows.
func fits(shown, output string) bool {
	pattern := regexp.QuoteMeta(scrub(shown))
	pattern = regexp.MustCompile(`(?m)^ ?\\\.\\\.\\\.(\n|$)`).ReplaceAllString(pattern, `(?:.*\n?)*`)
	pattern = strings.ReplaceAll(pattern, `\.\.\.`, `.*`)
	return regexp.MustCompile(`^` + pattern + `$`).MatchString(scrub(output))
}

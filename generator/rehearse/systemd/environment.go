package systemd

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Environment maps a variable's name to its value.
type Environment map[string]string

// Ignored is an assignment that systemd reads and then drops, with a line in the journal that nobody reads.
type Ignored struct {
	Line   int
	Text   string // the variable's name, or the start of the line
	Reason string
}

func (i Ignored) String() string { return fmt.Sprintf("line %d: %s: %s", i.Line, i.Text, i.Reason) }

// Bytes of systemd's src/basic/string-util.h and env-file.c.
const (
	whitespace      = " \t\n\r"
	newline         = "\n\r"
	comments        = "#;"
	shellNeedEscape = "\"\\`$"
)

// ParseEnvironmentFile reads a file named by EnvironmentFile=, to the byte as systemd does: the states are those of
// parse_env_file_internal in src/basic/env-file.c (systemd 254 and later; the documentation is systemd.exec(5)). Nothing is
// expanded: $ and % are ordinary characters. A later assignment replaces an earlier one. The error is what makes systemd
// refuse the whole file.
func ParseEnvironmentFile(content []byte) (Environment, []Ignored, error) {
	p := parser{env: Environment{}, line: 1, state: preKey}
	for _, c := range content {
		if c == 0 {
			break // systemd reads a C string
		}
		if err := p.next(c); err != nil {
			return nil, nil, err
		}
	}
	if err := p.end(); err != nil {
		return nil, nil, err
	}
	return p.env, p.ignored, nil
}

type state int

const (
	preKey state = iota
	inKey
	preValue
	inValue
	valueEscape
	singleQuoted
	doubleQuoted
	doubleQuotedEscape
	comment
	commentEscape
)

type parser struct {
	state   state
	line    int // that is being read, from 1
	started int // line of the key
	key     []byte
	value   []byte
	// kept is the length of value up to its last byte that is no trailing white space.
	kept    int
	env     Environment
	ignored []Ignored
}

func (p *parser) next(c byte) error {
	line := p.line
	if c == '\n' {
		p.line++
	}
	switch p.state {
	case preKey:
		switch {
		case in(c, comments):
			p.state = comment
		case !in(c, whitespace):
			p.state, p.started, p.key = inKey, line, []byte{c}
		}
	case inKey:
		switch {
		case in(c, newline):
			p.ignore(string(p.key), "no = in this line")
			p.state = preKey
		case c == '=':
			p.state, p.value, p.kept = preValue, nil, 0
		default:
			p.key = append(p.key, c)
		}
	case preValue:
		switch {
		case in(c, newline):
			p.kept = len(p.value) // what was quoted stays whole
			return p.assign()
		case c == '\'':
			p.state = singleQuoted
		case c == '"':
			p.state = doubleQuoted
		case c == '\\':
			p.state = valueEscape
		case !in(c, whitespace):
			p.state = inValue
			p.add(c)
		}
	case inValue:
		switch {
		case in(c, newline):
			return p.assign()
		case c == '\\':
			p.state, p.kept = valueEscape, len(p.value)
		case in(c, whitespace):
			p.value = append(p.value, c)
		default:
			p.add(c)
		}
	case valueEscape:
		p.state = inValue
		if !in(c, newline) {
			p.add(c)
		}
	case singleQuoted:
		if c == '\'' {
			p.state = preValue
		} else {
			p.add(c)
		}
	case doubleQuoted:
		switch c {
		case '"':
			p.state = preValue
		case '\\':
			p.state = doubleQuotedEscape
		default:
			p.add(c)
		}
	case doubleQuotedEscape:
		p.state = doubleQuoted
		switch {
		case in(c, shellNeedEscape):
			p.add(c)
		case c != '\n':
			p.add('\\')
			p.add(c)
		}
	case comment:
		switch {
		case c == '\\':
			p.state = commentEscape
		case in(c, newline):
			p.state = preKey
		}
	case commentEscape:
		p.state = comment
		if in(c, newline) {
			p.state = preKey
		}
	}
	return nil
}

// add appends a byte that no later trimming may take away.
func (p *parser) add(c byte) {
	p.value = append(p.value, c)
	p.kept = len(p.value)
}

// end handles a file whose last line has no newline.
func (p *parser) end() error {
	switch p.state {
	case inKey:
		p.ignore(string(p.key), "no = in this line")
	case inValue:
		return p.assign()
	case preValue, valueEscape, singleQuoted, doubleQuoted, doubleQuotedEscape:
		p.kept = len(p.value)
		return p.assign()
	}
	return nil
}

// assign ends an assignment. What is not UTF-8 makes systemd refuse the file; a name that no variable may have is dropped
// with its value (strv_env_clean_with_callback in src/basic/env-util.c).
func (p *parser) assign() error {
	p.state = preKey
	key, value := strings.TrimRight(string(p.key), whitespace), string(p.value[:p.kept])
	switch {
	case !utf8.ValidString(key) || !utf8.ValidString(value):
		return fmt.Errorf("line %d: %q is not UTF-8, so systemd refuses the whole file", p.started, p.key)
	case !name.MatchString(key):
		p.ignore(key, "not a name for a variable")
	default:
		p.env[key] = value
	}
	return nil
}

// ignore notes what is dropped; of a line that is no assignment at all only the start, in case it is part of something secret.
func (p *parser) ignore(text, reason string) {
	const shown = 20
	if r := []rune(text); len(r) > shown {
		text = string(r[:shown]) + "…"
	}
	p.ignored = append(p.ignored, Ignored{Line: p.started, Text: text, Reason: reason})
}

func in(c byte, set string) bool { return strings.IndexByte(set, c) >= 0 }

// name is env_name_is_valid of src/basic/env-util.c.
var name = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

package systemd

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
)

// words splits a setting's value as extract_first_word of src/basic/extract-word.c does with EXTRACT_UNQUOTE and
// EXTRACT_CUNESCAPE (systemd.syntax(7), "Quoting"), and resolves %%. Other specifiers need a booted host.
func words(value string) ([]string, error) {
	var all []string
	for rest := strings.TrimLeft(value, whitespace); rest != ""; rest = strings.TrimLeft(rest, whitespace) {
		w, after, err := word(rest)
		if err != nil {
			return nil, err
		}
		if w, err = specifiers(w); err != nil {
			return nil, err
		}
		all, rest = append(all, w), after
	}
	return all, nil
}

// word cuts the first word off s, which does not start with white space.
func word(s string) (string, string, error) {
	var out strings.Builder
	var quote byte
	for s != "" {
		c := s[0]
		switch {
		case c == '\\':
			text, rest, err := unescape(s)
			if err != nil {
				return "", "", err
			}
			out.WriteString(text)
			s = rest
			continue
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote = c
		case quote == 0 && in(c, whitespace):
			return out.String(), s, nil
		default:
			out.WriteByte(c)
		}
		s = s[1:]
	}
	if quote != 0 {
		return "", "", fmt.Errorf("a quote %c is not closed", quote)
	}
	return out.String(), "", nil
}

// unescape takes one C-style escape off s. Those of Go are systemd's (cunescape_one of src/basic/escape.c), plus \s.
func unescape(s string) (string, string, error) {
	switch {
	case strings.HasPrefix(s, `\s`):
		return " ", s[2:], nil
	case strings.HasPrefix(s, `\"`), strings.HasPrefix(s, `\'`):
		return s[1:2], s[2:], nil
	}
	r, multibyte, rest, err := strconv.UnquoteChar(s, 0)
	if err != nil {
		return "", "", fmt.Errorf("unknown escape at %.4q", s)
	}
	if multibyte {
		return string(r), rest, nil
	}
	return string([]byte{byte(r)}), rest, nil
}

func specifiers(w string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(w); i++ {
		if w[i] == '%' && i+1 < len(w) {
			i++
			if w[i] != '%' {
				return "", fmt.Errorf("the specifier %%%c has a value on a booted host only", w[i])
			}
		}
		out.WriteByte(w[i])
	}
	return out.String(), nil
}

// variable is what replace_env_argv of src/basic/env-util.c replaces: ${NAME} and $$ anywhere, $NAME as a word of its own.
var variable = regexp.MustCompile(`\$\$|\$\{[A-Za-z_][A-Za-z0-9_]*\}`)

// commandLine makes the argv of ExecStart= (systemd.service(5), "Command lines").
func commandLine(value string, env Environment) ([]string, error) {
	all, err := words(value)
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("no program")
	}
	argv := []string{strings.TrimLeft(all[0], "-:+!")}
	if strings.HasPrefix(all[0], "@") || !path.IsAbs(argv[0]) {
		return nil, errors.New("the program must be an absolute path")
	}
	for _, w := range all[1:] {
		if w == ";" {
			return nil, errors.New("several commands are only for Type=oneshot")
		}
		if bare, ok := strings.CutPrefix(w, "$"); ok && name.MatchString(bare) {
			split, err := words(strings.ReplaceAll(env[bare], "%", "%%"))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", w, err)
			}
			argv = append(argv, split...)
			continue
		}
		argv = append(argv, variable.ReplaceAllStringFunc(w, func(v string) string {
			if v == "$$" {
				return "$"
			}
			return env[v[2:len(v)-1]]
		}))
	}
	return argv, nil
}

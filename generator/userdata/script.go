package userdata

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// readScript reads a shell script: the files in one that etcdbake wrote (generator/format/script), of any other its size alone.
func readScript(content []byte, room int) (*Host, error) {
	tree, err := parseShell(content)
	if err != nil {
		return foreignScript(content, Script, FirstBoot), nil
	}
	if inner, ok, err := unpackScript(tree, room); err != nil {
		return nil, err
	} else if ok {
		if tree, err = parseShell(inner); err != nil {
			return nil, fmt.Errorf("the script that is packed in it: %w", err)
		}
	}
	body, ok := mainOf(tree)
	if !ok {
		return foreignScript(content, Script, FirstBoot), nil
	}
	s := baked{host: &Host{Formats: []string{BakedScript}}}
	for _, stmt := range body {
		s.statement(stmt)
	}
	return s.host, nil
}

// foreignScript is all that can be said of a script that is not ours.
func foreignScript(content []byte, format string, when When) *Host {
	return &Host{
		Formats:  []string{format},
		Commands: []Command{{when, []string{fmt.Sprintf("(a %s of %d bytes)", format, len(content))}}},
		Problems: []error{fmt.Errorf("a %s that etcdbake did not write: what it does to the host is not followed", format)},
	}
}

// Bounds of what the shell's parser is given: it follows nested commands by recursion.
const (
	maxScript = 256 << 10
	maxNested = 10_000
)

var (
	errScript = errors.New("too long or nested too deeply")
	nesting   = regexp.MustCompile("[({`!]|\\b(if|case|for|while|until)\\b")
)

func parseShell(content []byte) (*syntax.File, error) {
	if len(content) > maxScript || len(nesting.FindAll(content, maxNested)) == maxNested {
		return nil, errScript
	}
	return syntax.NewParser(syntax.Variant(syntax.LangPOSIX)).Parse(bytes.NewReader(content), "")
}

// unpackScript returns what a packed script of ours evaluates; it is not ok where it is no such script.
func unpackScript(tree *syntax.File, room int) (inner []byte, ok bool, err error) {
	packed, evaluated := "", false
	syntax.Walk(tree, func(n syntax.Node) bool {
		if stmt, isStmt := n.(*syntax.Stmt); isStmt {
			words := callOf(stmt)
			switch {
			case len(words) == 2 && words[0] == "base64" && words[1] == "-d":
				packed, _ = hereDocument(stmt)
			case len(words) == 2 && words[0] == "eval" && words[1] == "$unpacked":
				evaluated = true
			}
		}
		return true
	})
	if packed == "" || !evaluated {
		return nil, false, nil
	}
	if inner, err = unpack([]byte(packed), "gz+b64", room); err != nil {
		return nil, false, fmt.Errorf("the script that is packed in it: %w", err)
	}
	return inner, true, nil
}

// mainOf returns the statements of function main in a script of the shape that etcdbake writes: functions dir and put, and a
// main that is called at the end.
func mainOf(tree *syntax.File) (body []*syntax.Stmt, ok bool) {
	functions := map[string]*syntax.Stmt{}
	called := false
	for _, stmt := range tree.Stmts {
		if f, isFunction := stmt.Cmd.(*syntax.FuncDecl); isFunction && f.Name != nil {
			functions[f.Name.Value] = f.Body
		}
		words := callOf(stmt)
		called = called || len(words) == 1 && words[0] == "main"
	}
	if functions["dir"] == nil || functions["put"] == nil || functions["main"] == nil || !called {
		return nil, false
	}
	block, ok := functions["main"].Cmd.(*syntax.Block)
	if !ok {
		return nil, false
	}
	return block.Stmts, true
}

// baked is a script of ours while it is read.
type baked struct{ host *Host }

// statement reads one of main's statements: what makes a folder or a file, and what becomes of a unit. What comes before and
// after them is the same in every script.
func (s *baked) statement(stmt *syntax.Stmt) {
	words := callOf(stmt)
	if len(words) == 0 {
		return
	}
	problem := func(what string) {
		s.host.Problems = append(s.host.Problems, fmt.Errorf("line %d: %s", stmt.Pos().Line(), what))
	}
	mode := func() fs.FileMode {
		bits, err := strconv.ParseUint(words[2], 8, 12)
		if err != nil {
			problem("its mode is no octal number")
		}
		return fs.FileMode(bits)
	}
	if (words[0] == "dir" || words[0] == "put") && (len(words) < 3 || !path.IsAbs(words[1])) {
		problem(words[0] + " takes an absolute path and a mode")
		return
	}
	switch words[0] {
	case "dir":
		s.host.Directories = append(s.host.Directories, Directory{Path: path.Clean(words[1]), Mode: mode()})
	case "put":
		content, ok := hereDocument(stmt)
		switch {
		case ok && len(words) == 3:
		case !ok && len(words) == 4:
			content = unescape(words[3])
		default:
			problem("put takes an absolute path, a mode and one content")
			return
		}
		s.host.Files = append(s.host.Files, File{Path: path.Clean(words[1]), Mode: mode(), Content: []byte(content)})
	case "systemctl", "sh":
		s.host.Commands = append(s.host.Commands, Command{FirstBoot, words})
	case "check_host", "one_at_a_time", "say", "sync", "rm":
	default:
		problem(fmt.Sprintf("%q is not what etcdbake writes there", words[0]))
	}
}

// callOf returns the words of a simple command, and nil for anything else. A parameter stands for itself, as $name.
func callOf(stmt *syntax.Stmt) []string {
	call, ok := stmt.Cmd.(*syntax.CallExpr)
	if !ok {
		return nil
	}
	var words []string
	for _, arg := range call.Args {
		words = append(words, wordOf(arg))
	}
	return words
}

// wordOf returns what a word stands for, as far as that is known without running anything.
func wordOf(word *syntax.Word) string {
	var out strings.Builder
	for _, p := range word.Parts {
		partOf(&out, p)
	}
	return out.String()
}

func partOf(out *strings.Builder, p syntax.WordPart) {
	switch p := p.(type) {
	case *syntax.Lit:
		// Outside of quotes a backslash takes the next character as it is (POSIX XCU 2.2.1).
		out.WriteString(strings.ReplaceAll(p.Value, `\`, ""))
	case *syntax.SglQuoted:
		out.WriteString(p.Value)
	case *syntax.DblQuoted:
		for _, inner := range p.Parts {
			partOf(out, inner)
		}
	case *syntax.ParamExp:
		if p.Param != nil {
			out.WriteString("$" + p.Param.Value)
		}
	}
}

// hereDocument returns what a statement is given on standard input.
func hereDocument(stmt *syntax.Stmt) (string, bool) {
	for _, r := range stmt.Redirs {
		if r.Op != syntax.Hdoc {
			continue
		}
		if r.Hdoc == nil || len(r.Hdoc.Parts) == 0 {
			return "", true
		}
		if len(r.Hdoc.Parts) > 1 {
			return "", false
		}
		if text, ok := r.Hdoc.Parts[0].(*syntax.Lit); ok {
			return text.Value, true
		}
	}
	return "", false
}

var octal = regexp.MustCompile(`\\0[0-7]{3}`)

// unescape undoes the escapes of printf's %b that our scripts have: \0 and three octal digits.
func unescape(s string) string {
	return octal.ReplaceAllStringFunc(s, func(escape string) string {
		n, err := strconv.ParseUint(escape[2:], 8, 8)
		if err != nil {
			return escape
		}
		return string([]byte{byte(n)})
	})
}

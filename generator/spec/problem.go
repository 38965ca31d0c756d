package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Position is a place in a spec file. Line and Column count from 1, Column in characters; 0 is unknown.
type Position struct {
	File         string
	Line, Column int
}

// String is "cluster.yaml:7:14", without the numbers that are unknown.
func (p Position) String() string {
	s := p.File
	for _, n := range []int{p.Line, p.Column} {
		if n == 0 {
			break
		}
		s = fmt.Sprintf("%s:%d", s, n)
	}
	return s
}

// Severity tells a problem that makes a spec unusable from one that the operator should know about.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Problem is one thing that is wrong, or doubtful, at one place of a spec file. It is an error, so that errors.As finds it
// in an *Error.
type Problem struct {
	Position Position
	Severity Severity
	Message  string // what is wrong
	Hint     string // what to do about it
	Source   string // the line of the file, "" where there is none
}

// Error renders the problem on several lines: position and message, the line with a caret under the column, and the hint.
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.Position.String() + ": ")
	if p.Severity == SeverityWarning {
		b.WriteString("warning: ")
	}
	b.WriteString(p.Message)
	if line, caret := excerpt(p.Source, p.Position.Column); line != "" {
		b.WriteString("\n    " + line)
		if caret != "" {
			b.WriteString("\n    " + caret)
		}
	}
	if p.Hint != "" {
		b.WriteString("\n    hint: " + p.Hint)
	}
	return b.String()
}

// Error is a spec that cannot be used. It holds every problem of the file, warnings too, ordered by position.
type Error struct {
	Problems []Problem
}

// Error renders all problems, one below the other.
func (e *Error) Error() string {
	var texts []string
	for _, p := range e.Problems {
		texts = append(texts, p.Error())
	}
	return strings.Join(texts, "\n")
}

// Unwrap makes each Problem reachable by errors.As.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, p := range e.Problems {
		errs = append(errs, p)
	}
	return errs
}

// sorted orders problems by position and drops those that are there twice, as in a value that is used through an alias.
func sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Position.Line, b.Position.Line), cmp.Compare(a.Position.Column, b.Position.Column))
	})
	return slices.Compact(problems)
}

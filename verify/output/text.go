package output

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/dustin/go-humanize/english"

	"github.com/etcdbake/etcdbake/verify/report"
)

// clean keeps what a server sent from speaking to the terminal, breaking a line or turning it round: control characters and
// what is no text at all become visible.
func clean(s string) string { return strings.Map(visible, s) }

// cleanLines is clean, but keeps line ends and tabs.
func cleanLines(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		return visible(r)
	}, s)
}

func visible(r rune) rune {
	nonCharacter := r&0xfffe == 0xfffe
	if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || nonCharacter {
		return unicode.ReplacementChar
	}
	return r
}

// shorten cuts s to at most n characters, the last one an ellipsis.
func shorten(s string, n int) string {
	if runes := []rune(s); len(runes) > n {
		return string(runes[:n-1]) + "…"
	}
	return s
}

// name is the cluster's name, for a sentence.
func name(r *report.Report) string {
	if r.Cluster == "" {
		return "the cluster"
	}
	return clean(r.Cluster)
}

// counts are how many results have each verdict, the worst first: "1 fail, 12 pass".
func counts(results []report.Result) string {
	var all []string
	for _, v := range slices.Backward(report.Verdicts()) {
		if n := report.Count(results, v); n > 0 {
			all = append(all, fmt.Sprintf("%d %s", n, v))
		}
	}
	return strings.Join(all, ", ")
}

// headline says how much was looked at, in what time, and what came of it.
func headline(r *report.Report) string {
	strict := ""
	if r.Strict && report.Worst(r.Results) == report.Warn {
		strict = ", warnings count (--strict)"
	}
	endpoints := english.Plural(len(r.Members), "endpoint", "")
	return fmt.Sprintf("%s looked at in %s: %s%s", endpoints, took(r), counts(r.Results), strict)
}

func took(r *report.Report) time.Duration { return time.Duration(r.TookMS) * time.Millisecond }

// title says in a few words what a result is about.
func title(x report.Result) string {
	return fmt.Sprintf("%s: %s: %s", x.Check, clean(x.Where()), clean(x.Subject))
}

// details are the parts of a result that are not empty, but for what was seen.
func details(x report.Result) [][2]string {
	return slices.DeleteFunc([][2]string{{"expected", x.Expected}, {"evidence", x.Evidence}, {"hint", x.Hint}},
		func(d [2]string) bool { return d[1] == "" })
}

// findings are the results that a person must know of, the worst first.
func findings(r *report.Report) []report.Result {
	var all []report.Result
	for _, v := range []report.Verdict{report.Fail, report.Undetermined, report.Warn} {
		all = append(all, report.Select(r.Results, func(x report.Result) bool { return x.Verdict == v })...)
	}
	return all
}

// failing tells whether the result makes the whole fail.
func failing(r *report.Report, x report.Result) bool {
	return x.Verdict == report.Fail || r.Strict && x.Verdict == report.Warn
}

// grid is the results by check and by whom they are about, in the order in which they are shown.
type grid struct {
	checks, columns []string
	cells           map[[2]string][]report.Result
}

// clusterColumn is the column of results that are about no single member.
const clusterColumn = "cluster"

func newGrid(r *report.Report) grid {
	g := grid{cells: map[[2]string][]report.Result{}}
	for _, m := range r.Members {
		g.columns = appendNew(g.columns, m.Name)
	}
	for _, x := range r.Results {
		g.checks, g.columns = appendNew(g.checks, x.Check), appendNew(g.columns, x.Where())
		at := [2]string{x.Check, x.Where()}
		g.cells[at] = append(g.cells[at], x)
	}
	g.columns = append(slices.DeleteFunc(g.columns, func(c string) bool { return c == clusterColumn }), clusterColumn)
	return g
}

func (g grid) cell(check, column string) []report.Result { return g.cells[[2]string{check, column}] }

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

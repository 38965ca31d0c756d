package output

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/etcdbake/etcdbake/verify/report"
)

// clusterColumn is the column of results that are about no single member.
const clusterColumn = "cluster"

// Table writes the report for a person: a row per member, a verdict per check and member, what is wrong and what to do
// about it, and one line of summary. With color it uses ANSI colours.
func Table(w io.Writer, r *report.Report, color bool) error {
	p := painter(color)
	var b bytes.Buffer
	fmt.Fprintln(&b, members(r))
	fmt.Fprintln(&b)
	fmt.Fprintln(&b, matrix(r, p))
	for _, v := range []report.Verdict{report.Fail, report.Undetermined, report.Warn} {
		for _, x := range r.Results {
			if x.Verdict == v {
				fmt.Fprint(&b, "\n", finding(x, p))
			}
		}
	}
	fmt.Fprint(&b, "\n", summary(r, p), "\n")
	_, err := w.Write(b.Bytes())
	return err
}

// painter colours a text by a verdict.
type painter bool

func (p painter) paint(v report.Verdict, s string) string {
	if !p {
		return s
	}
	code := "2"
	switch v {
	case report.Pass:
		code = "32"
	case report.Warn:
		code = "33"
	case report.Undetermined:
		code = "35"
	case report.Fail:
		code = "31;1"
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// shout is the verdict in capitals.
func (p painter) shout(v report.Verdict) string { return p.paint(v, strings.ToUpper(string(v))) }

// members is what `etcdctl endpoint status` shows.
func members(r *report.Report) string {
	t := newTable()
	t.AppendHeader(table.Row{"endpoint", "member", "id", "version", "db size", "role", "term", "index", "errors"})
	for _, m := range r.Members {
		if m.ID == "" {
			t.AppendRow(table.Row{m.Endpoint, clean(m.Name), "-", "-", "-", "-", "-", "-", "no answer"})
			continue
		}
		t.AppendRow(table.Row{m.Endpoint, clean(m.Name), m.ID, clean(m.Version), humanize.IBytes(uint64(m.DBSizeBytes)), role(m),
			m.RaftTerm, m.RaftIndex, clean(strings.Join(m.Errors, ", "))})
	}
	return t.Render()
}

func role(m report.Member) string {
	switch {
	case m.Learner:
		return "learner"
	case m.Leader:
		return "leader"
	default:
		return "follower"
	}
}

// matrix has the worst verdict of every check for every member.
func matrix(r *report.Report, p painter) string {
	var checks, columns []string
	cells := map[[2]string][]report.Result{}
	for _, m := range r.Members {
		columns = appendNew(columns, m.Name)
	}
	for _, x := range r.Results {
		checks, columns = appendNew(checks, x.Check), appendNew(columns, x.Where())
		at := [2]string{x.Check, x.Where()}
		cells[at] = append(cells[at], x)
	}
	columns = append(slices.DeleteFunc(columns, func(c string) bool { return c == clusterColumn }), clusterColumn)
	t := newTable()
	t.AppendHeader(append(table.Row{"check"}, cleaned(columns)...))
	for _, c := range checks {
		row := table.Row{c}
		for _, column := range columns {
			row = append(row, cell(cells[[2]string{c, column}], p))
		}
		t.AppendRow(row)
	}
	return t.Render()
}

func cell(results []report.Result, p painter) string {
	if len(results) == 0 {
		return ""
	}
	v := report.Worst(results)
	return p.paint(v, string(v))
}

// finding is one result that is no pass, with what to do about it.
func finding(x report.Result, p painter) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s: %s: %s: %s\n", p.shout(x.Verdict), x.Check, clean(x.Where()), x.Subject, clean(x.Seen))
	for _, line := range [][2]string{{"expected", x.Expected}, {"evidence", x.Evidence}, {"hint", x.Hint}} {
		if line[1] != "" {
			fmt.Fprintf(&b, "     %-9s %s\n", line[0]+":", clean(line[1]))
		}
	}
	return b.String()
}

// summary is the last line.
func summary(r *report.Report, p painter) string {
	name := "the cluster"
	if r.Cluster != "" {
		name = clean(r.Cluster)
	}
	var counts []string
	for _, v := range slices.Backward(report.Verdicts()) {
		if n := report.Count(r.Results, v); n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, v))
		}
	}
	strict := ""
	if r.Strict && report.Worst(r.Results) == report.Warn {
		strict = ", warnings count (--strict)"
	}
	took := time.Duration(r.TookMS) * time.Millisecond
	endpoints := english.Plural(len(r.Members), "endpoint", "")
	return fmt.Sprintf("%s %s: %s looked at in %s: %s%s", p.shout(r.Verdict), name, endpoints, took, strings.Join(counts, ", "), strict)
}

func newTable() table.Writer {
	t := table.NewWriter()
	style := table.StyleLight
	style.Format.Header = text.FormatDefault // names of members are shown as they are
	t.SetStyle(style)
	return t
}

// clean keeps what a server sent from speaking to the terminal: control characters become visible.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\uFFFD'
		}
		return r
	}, s)
}

func appendNew(list []string, s string) []string {
	if slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}

func cleaned(list []string) []any {
	out := make([]any, len(list))
	for i, s := range list {
		out[i] = clean(s)
	}
	return out
}

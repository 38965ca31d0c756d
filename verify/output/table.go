package output

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/etcdbake/etcdbake/verify/report"
)

// widest is the longest text in a cell of a table: names and versions come from servers.
const widest = 60

// Table writes the report for a person: a row per member, a verdict per check and member, what is wrong and what to do
// about it, and one line of summary. With color it uses ANSI colours.
func Table(w io.Writer, r *report.Report, color bool) error {
	p := painter(color)
	var b bytes.Buffer
	fmt.Fprintln(&b, members(r))
	fmt.Fprintln(&b)
	fmt.Fprintln(&b, matrix(r, p))
	for _, x := range findings(r) {
		fmt.Fprint(&b, "\n", finding(x, p))
	}
	fmt.Fprintf(&b, "\n%s %s: %s\n", p.shout(r.Verdict), name(r), headline(r))
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
			t.AppendRow(table.Row{fitting(m.Endpoint), fitting(m.Name), "-", "-", "-", "-", "-", "-", "no answer"})
			continue
		}
		t.AppendRow(table.Row{fitting(m.Endpoint), fitting(m.Name), m.ID, fitting(m.Version), humanize.IBytes(uint64(m.DBSizeBytes)),
			role(m), m.RaftTerm, m.RaftIndex, fitting(strings.Join(m.Errors, ", "))})
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
	g := newGrid(r)
	t := newTable()
	header := table.Row{"check"}
	for _, column := range g.columns {
		header = append(header, fitting(column))
	}
	t.AppendHeader(header)
	for _, check := range g.checks {
		row := table.Row{check}
		for _, column := range g.columns {
			row = append(row, cell(g.cell(check, column), p))
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
	fmt.Fprintf(&b, "%s %s: %s\n", p.shout(x.Verdict), title(x), clean(x.Seen))
	for _, d := range details(x) {
		fmt.Fprintf(&b, "     %-9s %s\n", d[0]+":", clean(d[1]))
	}
	return b.String()
}

func newTable() table.Writer {
	t := table.NewWriter()
	style := table.StyleLight
	style.Format.Header = text.FormatDefault // names of members are shown as they are
	t.SetStyle(style)
	return t
}

func fitting(s string) string { return shorten(clean(s), widest) }

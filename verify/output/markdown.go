package output

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/dustin/go-humanize/english"

	"github.com/etcdbake/etcdbake/verify/report"
)

// manyFindings is how many are told in full: GitHub shows no summary of more than 1 MiB.
// https://docs.github.com/en/actions/reference/limits
const manyFindings = 100

// Markdown writes the report as GitHub-flavoured Markdown, for a job's summary or a comment: the verdict, members, the worst
// verdict of every check for every member, and what is wrong.
func Markdown(w io.Writer, r *report.Report) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "## %s etcd-verify: %s %s\n\n%s\n", mark(r.Verdict), escape(name(r)), r.Verdict, escape(headline(r)))
	if len(r.Members) > 0 {
		markdownTable(&b, markdownMembers(r))
		markdownTable(&b, markdownChecks(r))
	}
	all := findings(r)
	if len(all) > 0 {
		fmt.Fprint(&b, "\n### What is not as it should be\n")
	}
	for _, x := range all[:min(len(all), manyFindings)] {
		markdownFinding(&b, x)
	}
	if more := len(all) - manyFindings; more > 0 {
		fmt.Fprintf(&b, "\nand %s.\n", english.Plural(more, "more finding", ""))
	}
	_, err := w.Write(b.Bytes())
	return err
}

// markdownMembers is what `etcdctl endpoint status` shows, in short.
func markdownMembers(r *report.Report) [][]string {
	rows := [][]string{{"member", "endpoint", "version", "db size", "role"}}
	for _, m := range r.Members {
		row := []string{escape(fitting(m.Name)), escape(fitting(m.Endpoint)), "–", "–", "no answer"}
		if m.ID != "" {
			row = append(row[:2], escape(fitting(m.Version)), humanize.IBytes(uint64(m.DBSizeBytes)), role(m))
		}
		rows = append(rows, row)
	}
	return rows
}

// markdownChecks has the worst verdict of every check for every member.
func markdownChecks(r *report.Report) [][]string {
	g := newGrid(r)
	header := []string{"check"}
	for _, column := range g.columns {
		header = append(header, escape(fitting(column)))
	}
	rows := [][]string{header}
	for _, check := range g.checks {
		row := []string{check}
		for _, column := range g.columns {
			cell := ""
			if results := g.cell(check, column); len(results) > 0 {
				v := report.Worst(results)
				cell = mark(v) + " " + string(v)
			}
			row = append(row, cell)
		}
		rows = append(rows, row)
	}
	return rows
}

// markdownTable writes rows, of which the first is the header.
func markdownTable(b *bytes.Buffer, rows [][]string) {
	for i, row := range rows {
		if i == 0 {
			fmt.Fprintln(b)
		}
		fmt.Fprintf(b, "| %s |\n", strings.Join(row, " | "))
		if i == 0 {
			fmt.Fprintln(b, "|"+strings.Repeat(" --- |", len(row)))
		}
	}
}

// markdownFinding is a paragraph, and a list of what was expected and what to do.
func markdownFinding(b *bytes.Buffer, x report.Result) {
	fmt.Fprintf(b, "\n%s **%s**: %s\n\n", mark(x.Verdict), escape(shorten(title(x), githubTitle)), escape(shorten(clean(x.Seen), githubText)))
	for _, d := range details(x) {
		fmt.Fprintf(b, "- %s: %s\n", d[0], escape(shorten(clean(d[1]), githubText)))
	}
}

// mark is the verdict as a sign that is seen at a glance; it always stands beside a word.
func mark(v report.Verdict) string {
	return map[report.Verdict]string{
		report.Pass: "✅", report.Warn: "⚠️", report.Fail: "❌", report.Undetermined: "❔", report.Skip: "➖",
	}[v]
}

// escape makes a text show as it is: no markup, HTML, link, mention, formula or end of a table's cell. A colon before a space
// is none of these.
func escape(s string) string {
	var b strings.Builder
	for i, r := range s {
		if strings.ContainsRune("\\`*_[]<>#|~&$@", r) || r == ':' && !strings.HasPrefix(s[i:], ": ") {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

package output

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/etcdbake/etcdbake/verify/report"
)

//go:embed page/page.html
var pageHTML string

//go:embed page/page.css
var pageCSS string

// HTML writes the report as one page to look at: self-contained, for light and dark screens and for paper, without script.
// A content security policy in the page forbids it to load anything, whatever a server put into the report.
func HTML(w io.Writer, r *report.Report) error {
	t, err := template.New("page").Parse(pageHTML)
	if err != nil {
		return fmt.Errorf("the page's template: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, newPage(cleaned(r))); err != nil {
		return fmt.Errorf("the page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

// page is what the template prints, with nothing left to compute.
type page struct {
	Style    template.CSS
	Icon     template.URL
	Cluster  string
	Verdict  report.Verdict
	Sentence string
	Facts    [][2]string
	Counts   []count
	Findings []report.Result
	Members  []memberRow
	Columns  []string
	Checks   []checkRow
	Speed    speed
	Timeline timeline
	Schema   string
}

// count is how many results have a verdict.
type count struct {
	Verdict report.Verdict
	N       int
}

func newPage(r *report.Report) page {
	p := page{
		Style: template.CSS(pageCSS), Icon: favicon(r.Verdict), Cluster: name(r), Verdict: r.Verdict, Sentence: sentence(r),
		Findings: findings(r), Members: memberRows(r), Speed: newSpeed(r), Timeline: newTimeline(r), Schema: r.Schema,
		Facts: [][2]string{{"Checked", r.StartedAt.UTC().Format("2006-01-02 15:04:05 UTC")}, {"Took", took(r).String()}},
	}
	if r.ClusterID != "" {
		p.Facts = append(p.Facts, [2]string{"Cluster ID", r.ClusterID})
	}
	if r.Strict {
		p.Facts = append(p.Facts, [2]string{"Strict", "warnings count"})
	}
	for _, v := range slices.Backward(report.Verdicts()) {
		if n := report.Count(r.Results, v); n > 0 {
			p.Counts = append(p.Counts, count{v, n})
		}
	}
	g := newGrid(r)
	p.Columns = g.columns
	for i, check := range g.checks {
		p.Checks = append(p.Checks, newCheckRow(g, i, check))
	}
	return p
}

// sentence is the verdict in words.
func sentence(r *report.Report) string {
	warnings := english.Plural(report.Count(r.Results, report.Warn), "warning", "")
	switch {
	case r.Verdict == report.Undetermined:
		return "It could not be told whether everything is as it should be"
	case r.Verdict == report.Fail && report.Count(r.Results, report.Fail) == 0:
		return "Works, but " + warnings + " and warnings count"
	case r.Verdict == report.Fail:
		return "Not as it should be: " + english.Plural(report.Count(r.Results, report.Fail), "failure", "")
	case report.Count(r.Results, report.Warn) > 0:
		return "Works, with " + warnings
	default:
		return "Everything is as it should be"
	}
}

// favicon is a dot in the verdict's colour, so that a tab shows it and a browser asks no server for an icon.
func favicon(v report.Verdict) template.URL {
	color := map[report.Verdict]string{report.Pass: "168a4a", report.Undetermined: "7a4bb8"}[v]
	if color == "" {
		color = "c42b25"
	}
	return template.URL("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
		"%3Ccircle cx='8' cy='8' r='7' fill='%23" + color + "'/%3E%3C/svg%3E")
}

// checkRow is one check: a cell per member, and all its results.
type checkRow struct {
	Name    string
	Verdict report.Verdict
	Counts  string
	Cells   []checkCell
}

// checkCell is what a check says of one member, or of the cluster. ID is its anchor in the page.
type checkCell struct {
	ID, Where string
	Verdict   report.Verdict
	Results   []report.Result
}

// Open tells whether the results are shown without being asked for.
func (c checkRow) Open() bool { return c.Verdict != report.Pass && c.Verdict != report.Skip }

func newCheckRow(g grid, i int, check string) checkRow {
	row := checkRow{Name: check}
	var all []report.Result
	for j, column := range g.columns {
		results := g.cell(check, column)
		all = append(all, results...)
		row.Cells = append(row.Cells, checkCell{fmt.Sprintf("r-%d-%d", i, j), column, report.Worst(results), results})
	}
	row.Verdict, row.Counts = report.Worst(all), counts(all)
	return row
}

// longest is the longest text of the page; JSON has all of it.
const longest = 1000

// cleaned is a copy of the report without control characters, and with no text that would be all of the page.
func cleaned(r *report.Report) *report.Report {
	c := *r
	c.Cluster, c.ClusterID = fitting(c.Cluster), fitting(c.ClusterID)
	c.Members, c.Results = slices.Clone(c.Members), slices.Clone(c.Results)
	for i := range c.Members {
		m := &c.Members[i]
		for _, s := range []*string{&m.Endpoint, &m.Name, &m.ID, &m.Version, &m.LeaderID} {
			*s = fitting(*s)
		}
		m.Errors = []string{shorten(cleanLines(strings.Join(m.Errors, "\n")), longest)}
	}
	for i := range c.Results {
		x := &c.Results[i]
		for _, s := range []*string{&x.Check, &x.Member, &x.Endpoint, &x.Subject} {
			*s = fitting(*s)
		}
		for _, s := range []*string{&x.Expected, &x.Seen, &x.Evidence, &x.Hint} {
			*s = shorten(cleanLines(*s), longest)
		}
	}
	return &c
}

// day is a date as the page shows it.
func day(t time.Time) string { return t.UTC().Format("2006-01-02") }

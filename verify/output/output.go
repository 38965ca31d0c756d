// Package output renders a report, one file per format. It decides nothing: verdicts and the exit code are the report's.
package output

import (
	"io"
	"slices"

	"github.com/etcdbake/etcdbake/verify/report"
)

// Format is one way to show a report.
type Format struct {
	// Name is what --output calls it, and About says in a few words what it is.
	Name, About string
	// Write writes the report as one document. Its error is the writer's.
	Write func(w io.Writer, r *report.Report) error
}

// Formats are all formats, the default first. With color the table uses ANSI colours.
func Formats(color bool) []Format {
	table := func(w io.Writer, r *report.Report) error { return Table(w, r, color) }
	return []Format{
		{"table", "for a person at a terminal", table},
		{"json", "everything that is known, by a schema", JSON},
		{"junit", "JUnit XML: Jenkins, GitLab and most others", JUnit},
		{"tap", "Test Anything Protocol, version 13", TAP},
		{"nagios", "one line with performance data, by the monitoring plugins' rules", Nagios},
		{"prometheus", "metrics for node_exporter's textfile collector", Prometheus},
		{"github", "annotations of a GitHub Actions run", GitHub},
		{"markdown", "a job's summary or a comment, GitHub-flavoured", Markdown},
		{"html", "one page to look at, with nothing outside of it", HTML},
	}
}

// Find is the format with the name.
func Find(formats []Format, name string) (Format, bool) {
	i := slices.IndexFunc(formats, func(f Format) bool { return f.Name == name })
	if i < 0 {
		return Format{}, false
	}
	return formats[i], true
}

// Names are the names of the formats.
func Names(formats []Format) []string {
	var names []string
	for _, f := range formats {
		names = append(names, f.Name)
	}
	return names
}

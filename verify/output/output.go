// Package output renders a report, one file per format. It decides nothing: verdicts and the exit code are the report's.
package output

import (
	"io"

	"github.com/etcdbake/etcdbake/verify/report"
)

// JSON writes the report as one indented JSON document.
func JSON(w io.Writer, r *report.Report) error { return writeJSON(w, r) }

// Table writes the report for a person: a row per member, a verdict per check and member, what is wrong and what to do
// about it, and one line of summary. With color it uses ANSI colours.
func Table(w io.Writer, r *report.Report, color bool) error { return writeTable(w, r, color) }

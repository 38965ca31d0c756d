package output

import (
	"encoding/json"
	"io"

	"github.com/etcdbake/etcdbake/verify/report"
)

// JSON writes the report as one indented JSON document, by report.v1.schema.json. Lists are never null.
func JSON(w io.Writer, r *report.Report) error { return encode(w, r, "  ") }

// JSONLine is JSON on one line.
func JSONLine(w io.Writer, r *report.Report) error { return encode(w, r, "") }

func encode(w io.Writer, r *report.Report, indent string) error {
	whole := *r
	if whole.Members == nil {
		whole.Members = []report.Member{}
	}
	if whole.Results == nil {
		whole.Results = []report.Result{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	return e.Encode(whole)
}

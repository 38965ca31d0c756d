package output

import (
	"encoding/json"
	"io"

	"github.com/etcdbake/etcdbake/verify/report"
)

// JSON writes the report as one indented JSON document, by report.v1.schema.json. Lists are never null.
func JSON(w io.Writer, r *report.Report) error {
	whole := *r
	if whole.Members == nil {
		whole.Members = []report.Member{}
	}
	if whole.Results == nil {
		whole.Results = []report.Result{}
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(whole)
}

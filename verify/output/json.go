package output

import (
	"encoding/json"
	"io"

	"github.com/etcdbake/etcdbake/verify/report"
)

// JSON writes the report as one indented JSON document.
func JSON(w io.Writer, r *report.Report) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

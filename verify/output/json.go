package output

import (
	"encoding/json"
	"io"

	"github.com/etcdbake/etcdbake/verify/report"
)

func writeJSON(w io.Writer, r *report.Report) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

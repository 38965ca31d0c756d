package output

import (
	"io"

	"github.com/etcdbake/etcdbake/verify/report"
)

func writeTable(w io.Writer, r *report.Report, color bool) error { return nil }

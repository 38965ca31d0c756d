package output

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/etcdbake/etcdbake/verify/report"
)

// TAP writes the report by the Test Anything Protocol, version 13: a test point per result, and a YAML block below each that
// is no pass and no skip. What could not be told is "not ok"; a warning is "ok", but with Strict.
func TAP(w io.Writer, r *report.Report) error {
	var b bytes.Buffer
	fmt.Fprintf(&b, "TAP version 13\n1..%d\n", len(r.Results))
	for i, x := range r.Results {
		status, directive := "ok", ""
		switch {
		case failing(r, x), x.Verdict == report.Undetermined:
			status = "not ok"
		case x.Verdict == report.Skip:
			directive = " # SKIP " + described(x.Seen)
		}
		fmt.Fprintf(&b, "%s %d - %s%s\n", status, i+1, described(title(x)), directive)
		if x.Verdict != report.Pass && x.Verdict != report.Skip {
			fmt.Fprint(&b, diagnostics(x))
		}
	}
	fmt.Fprintf(&b, "# %s: %s\n", name(r), headline(r))
	_, err := w.Write(b.Bytes())
	return err
}

// described is a text without a meaning to TAP: a hash would begin a directive.
func described(s string) string {
	return strings.NewReplacer(`\`, `\\`, `#`, `\#`).Replace(clean(s))
}

// diagnostics is the YAML block of a test point.
func diagnostics(x report.Result) string {
	var b strings.Builder
	b.WriteString("  ---\n")
	fmt.Fprintf(&b, "  severity: %s\n", x.Verdict)
	for _, d := range append([][2]string{{"message", x.Seen}}, details(x)...) {
		fmt.Fprintf(&b, "  %s: %s\n", d[0], quoted(clean(d[1])))
	}
	b.WriteString("  ...\n")
	return b.String()
}

// quoted is a YAML string in double quotes, which a JSON string is.
func quoted(s string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err) // a string always has a JSON form
	}
	return strings.TrimSuffix(b.String(), "\n")
}

package output

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/etcdbake/etcdbake/verify/report"
)

// What GitHub shows of an annotation is not longer.
const githubTitle, githubText = 255, 4096

// GitHub writes workflow commands of GitHub Actions: an error for each result that keeps the report from passing, a warning
// for each other warning, and one notice (or error) with the summary.
// https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions
func GitHub(w io.Writer, r *report.Report) error {
	var b bytes.Buffer
	for _, x := range findings(r) {
		kind := "error"
		if x.Verdict == report.Warn && !failing(r, x) {
			kind = "warning"
		}
		text := shorten(paragraph(x), githubText)
		fmt.Fprint(&b, annotation(kind, shorten(string(x.Verdict)+": "+title(x), githubTitle), text))
	}
	kind := "notice"
	if r.Verdict != report.Pass {
		kind = "error"
	}
	fmt.Fprint(&b, annotation(kind, fmt.Sprintf("etcd-verify: %s %s", name(r), r.Verdict), headline(r)))
	_, err := w.Write(b.Bytes())
	return err
}

// annotation is one workflow command. A line end or a percent sign in it must be escaped, in the title also what ends it.
func annotation(kind, title, message string) string {
	data := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	property := strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
	return fmt.Sprintf("::%s title=%s::%s\n", kind, property.Replace(title), data.Replace(message))
}

package output

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/etcdbake/etcdbake/verify/report"
)

// JUnit writes the report as JUnit XML: a suite per check, a case per result. What fails is a failure (a warning too with
// Strict, else it is told on the case's output), what could not be told an error, what there was no need to check skipped.
func JUnit(w io.Writer, r *report.Report) error {
	suites := junit.Testsuites{Name: "etcd-verify " + name(r), Time: seconds(r)}
	for _, check := range newGrid(r).checks {
		suites.AddSuite(suite(r, check, len(suites.Suites)))
	}
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if err := suites.WriteXML(&b); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

func seconds(r *report.Report) string { return fmt.Sprintf("%.3f", took(r).Seconds()) }

// suite has the results of one check. Checks run side by side, so none has a time of its own.
func suite(r *report.Report, check string, id int) junit.Testsuite {
	s := junit.Testsuite{Name: check, ID: id, Time: "0.000", Timestamp: r.StartedAt.UTC().Format("2006-01-02T15:04:05")}
	names := map[string]int{}
	for _, x := range r.Results {
		if x.Check != check {
			continue
		}
		c := testcase(r, x)
		// Readers take cases of one name for repetitions of one case, and show the last one only.
		if names[c.Name]++; names[c.Name] > 1 {
			c.Name = fmt.Sprintf("%s (%d)", c.Name, names[c.Name])
		}
		s.AddTestcase(c)
	}
	return s
}

func testcase(r *report.Report, x report.Result) junit.Testcase {
	c := junit.Testcase{
		Name:      clean(x.Where()) + ": " + clean(x.Subject),
		Classname: "etcd-verify." + x.Check,
		Time:      "0.000",
	}
	result := &junit.Result{Message: clean(x.Seen), Type: string(x.Verdict), Data: paragraph(x)}
	switch {
	case failing(r, x):
		c.Failure = result
	case x.Verdict == report.Undetermined:
		c.Error = result
	case x.Verdict == report.Skip:
		c.Skipped = &junit.Result{Message: clean(x.Seen)}
	case x.Verdict == report.Warn:
		c.SystemOut = &junit.Output{Data: "warning: " + paragraph(x)}
	}
	return c
}

// paragraph is what was seen and all that goes with it, a line for each.
func paragraph(x report.Result) string {
	lines := []string{cleanLines(x.Seen)}
	for _, d := range details(x) {
		lines = append(lines, d[0]+": "+cleanLines(d[1]))
	}
	return strings.Join(lines, "\n")
}

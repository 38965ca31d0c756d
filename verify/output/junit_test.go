package output_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/jstemmer/go-junit-report/v2/junit"

	"github.com/etcdbake/etcdbake/verify/report"
)

// element is what an XML element of a report may hold.
type element struct {
	required, optional, children []string
}

// jenkins is the shape that Jenkins' xUnit plugin takes (its junit-10.xsd), which is Ant's with a few attributes more.
func jenkins() map[string]element {
	result := element{optional: []string{"message", "type"}}
	return map[string]element{
		"testsuites": {optional: []string{"name", "time", "tests", "failures", "errors", "disabled", "skipped"},
			children: []string{"testsuite"}},
		"testsuite": {required: []string{"name"},
			optional: []string{"tests", "failures", "errors", "time", "disabled", "skipped", "timestamp", "hostname", "id", "package"},
			children: []string{"properties", "testcase", "system-out", "system-err", "testsuite"}},
		"testcase": {required: []string{"name", "classname"}, optional: []string{"assertions", "time", "status"},
			children: []string{"skipped", "error", "failure", "system-out", "system-err"}},
		"failure": result, "error": result, "skipped": result, "system-out": {}, "system-err": {},
	}
}

func TestJUnitHasTheShapeThatJenkinsTakes(t *testing.T) {
	for name, r := range cases() {
		for _, problem := range misshapen(write(t, "junit", false, r)) {
			t.Errorf("%s: %s", name, problem)
		}
	}
}

// misshapen are the ways in which the document is not as jenkins says.
func misshapen(document []byte) (problems []string) {
	known, path := jenkins(), []string{""}
	for d := xml.NewDecoder(bytes.NewReader(document)); ; {
		token, err := d.Token()
		switch {
		case err == io.EOF:
			return problems
		case err != nil:
			return append(problems, err.Error())
		}
		switch token := token.(type) {
		case xml.StartElement:
			name, parent := token.Name.Local, path[len(path)-1]
			e, ok := known[name]
			if !ok || parent == "" && name != "testsuites" || parent != "" && !slices.Contains(known[parent].children, name) {
				problems = append(problems, fmt.Sprintf("<%s> in <%s>", name, parent))
			}
			var has []string
			for _, a := range token.Attr {
				has = append(has, a.Name.Local)
				if !slices.Contains(e.required, a.Name.Local) && !slices.Contains(e.optional, a.Name.Local) {
					problems = append(problems, fmt.Sprintf("<%s> has the attribute %s", name, a.Name.Local))
				}
			}
			for _, required := range e.required {
				if !slices.Contains(has, required) {
					problems = append(problems, fmt.Sprintf("<%s> has no attribute %s", name, required))
				}
			}
			path = append(path, name)
		case xml.EndElement:
			path = path[:len(path)-1]
		}
	}
}

func TestTheShapeOfJUnitIsLookedAt(t *testing.T) {
	got := misshapen([]byte(`<testsuites><testcase name="x" colour="red"/></testsuites>`))
	want := []string{"<testcase> in <testsuites>", "<testcase> has the attribute colour", "<testcase> has no attribute classname"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestJUnitIsReadBackWithEveryResultAndItsVerdict(t *testing.T) {
	for name, r := range cases() {
		var suites junit.Testsuites
		if err := xml.Unmarshal(write(t, "junit", false, r), &suites); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		warnings := report.Count(r.Results, report.Warn)
		failures := report.Count(r.Results, report.Fail)
		if r.Strict {
			failures, warnings = failures+warnings, 0
		}
		if suites.Tests != len(r.Results) || suites.Failures != failures ||
			suites.Errors != report.Count(r.Results, report.Undetermined) || suites.Skipped != report.Count(r.Results, report.Skip) {
			t.Errorf("%s: %d tests, %d failures, %d errors, %d skipped", name, suites.Tests, suites.Failures, suites.Errors, suites.Skipped)
		}
		told, seen := 0, map[string]bool{}
		for _, s := range suites.Suites {
			for _, c := range s.Testcases {
				key := c.Classname + "/" + c.Name
				if seen[key] {
					t.Errorf("%s: two cases are called %s", name, key)
				}
				seen[key] = true
				if c.SystemOut != nil && strings.HasPrefix(c.SystemOut.Data, "warning: ") {
					told++
				}
			}
		}
		if told != warnings {
			t.Errorf("%s: %d warnings are told, want %d", name, told, warnings)
		}
	}
}

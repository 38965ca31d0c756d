package output_test

import (
	"bytes"
	"encoding/json"
	"testing"

	reflector "github.com/invopop/jsonschema"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/etcdbake/etcdbake/tools/goldenfile"
	"github.com/etcdbake/etcdbake/verify/output"
	"github.com/etcdbake/etcdbake/verify/report"
)

// schemaFile is what docs/verify-outputs.md points at: the JSON form of a report, with the types' own comments.
const schemaFile = "report.v1.schema.json"

func TestTheSchemaIsThatOfTheTypes(t *testing.T) {
	r := reflector.Reflector{AllowAdditionalProperties: true}
	if err := r.AddGoComments("github.com/etcdbake/etcdbake/verify/report", "../report"); err != nil {
		t.Fatal(err)
	}
	s := r.Reflect(&report.Report{})
	s.ID, s.Title = "https://github.com/etcdbake/etcdbake/blob/main/verify/output/"+schemaFile, "A report of etcd-verify"
	s.Definitions["Report"].Properties.Value("schema").Const = report.Schema
	s.Definitions["Report"].Properties.Value("verdict").Enum = []any{report.Pass, report.Fail, report.Undetermined}
	for _, v := range report.Verdicts() {
		verdict := s.Definitions["Result"].Properties.Value("verdict")
		verdict.Enum = append(verdict.Enum, v)
	}
	data, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	goldenfile.Compare(t, schemaFile, append(data, '\n'))
}

// compiled is the schema file, ready to validate with; formats such as date-time count.
func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	s, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, document []byte) error {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	return s.Validate(value)
}

func TestEveryReportFitsTheSchema(t *testing.T) {
	s := compiled(t)
	all := cases()
	all["empty"] = &report.Report{Schema: report.Schema, StartedAt: noon, Verdict: report.Pass}
	for name, r := range all {
		if err := validate(t, s, write(t, "json", false, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		var line bytes.Buffer
		if err := output.JSONLine(&line, r); err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, line.Bytes()); err != nil || bytes.Count(line.Bytes(), []byte("\n")) != 1 {
			t.Errorf("%s is no report on one line: %v", name, err)
		}
	}
}

func TestTheSchemaRefusesWhatIsNoReport(t *testing.T) {
	s := compiled(t)
	good := write(t, "json", false, passing())
	for name, change := range map[string]func(map[string]any){
		"another schema":    func(r map[string]any) { r["schema"] = "etcdbake.report/v2" },
		"no members":        func(r map[string]any) { delete(r, "members") },
		"null for a list":   func(r map[string]any) { r["results"] = nil },
		"an unknown word":   func(r map[string]any) { r["verdict"] = "healthy" },
		"a number for text": func(r map[string]any) { r["members"].([]any)[0].(map[string]any)["id"] = 7 },
		"a time in words":   func(r map[string]any) { r["started_at"] = "noon" },
	} {
		var r map[string]any
		if err := json.Unmarshal(good, &r); err != nil {
			t.Fatal(err)
		}
		change(r)
		changed, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if err := validate(t, s, changed); err == nil {
			t.Errorf("%s fits the schema", name)
		}
	}
}

package spec

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"
)

func TestTheSchemaUsesOnlyWhatTheStructureCheckKnows(t *testing.T) {
	dec := json.NewDecoder(bytes.NewReader(Schema()))
	dec.DisallowUnknownFields()
	if err := dec.Decode(new(schema)); err != nil {
		t.Error(err)
	}
	// Nested schemas are decoded by methods of their own, so look at every keyword too.
	var doc any
	if err := json.Unmarshal(Schema(), &doc); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{
		"type": true, "properties": true, "additionalProperties": true, "required": true, "items": true, "minItems": true,
		"minLength": true, "minimum": true, "enum": true, "format": true, "examples": true,
		"$schema": true, "$id": true, "title": true, "description": true, "default": true,
	}
	var visit func(s any)
	visit = func(s any) {
		object, ok := s.(map[string]any)
		if !ok {
			return
		}
		for keyword, value := range object {
			if !known[keyword] {
				t.Errorf("keyword %q is not checked by (*document).structure", keyword)
			}
			if keyword != "properties" {
				visit(value)
				continue
			}
			for _, property := range value.(map[string]any) {
				visit(property)
			}
		}
	}
	visit(doc)
}

func TestEveryKeyHasADescription(t *testing.T) {
	var visit func(path string, s *schema)
	visit = func(path string, s *schema) {
		for name, property := range s.Properties {
			if property.Description == "" && path != ".etcd.sha256" {
				t.Errorf("%s.%s has no description", path, name)
			}
			visit(path+"."+name, property)
		}
		if s.Items != nil {
			visit(path+"[]", s.Items)
		}
	}
	visit("", parsedSchema())
}

// reference is the published schema in a complete JSON Schema library.
func reference(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("cluster.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile("cluster.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// structural tells whether our check of the structure, without formats of our own, finds nothing.
func structural(d *document) bool {
	var s schema
	if err := json.Unmarshal(schemaJSON, &s); err != nil {
		panic(err)
	}
	forgetFormats(&s)
	d.structure(d.root, &s, "")
	return !d.failed()
}

func forgetFormats(s *schema) {
	s.Format = ""
	for _, p := range s.Properties {
		forgetFormats(p)
	}
	if s.Items != nil {
		forgetFormats(s.Items)
	}
}

func TestTheStructureCheckJudgesLikeAJSONSchemaLibrary(t *testing.T) {
	ref := reference(t)
	for _, src := range []string{
		three,
		with("tunning: {}"),
		with("tuning: {settings: {a: 1, b: x, c: true, d: 1.5}}"),
		with("tuning: {settings: {a: [1]}}"),
		with("tuning: {settings: {a: null}}"),
		with("tuning: {settings: {a: ''}}"),
		with("tuning: {quota_backend: 5, auto_compaction: {retention: 5}}"),
		with("tuning: {quota_backend: 5.5}"),
		with("tuning: {snapshot_count: 0}"),
		with("tuning: {snapshot_count: 1}"),
		with("tuning:"),
		with("etcd: {version: 3.6}"),
		with("etcd: {version: ''}"),
		with("etcd: {sha256: {amd64: a}}"),
		with("etcd: {sha256: {arm: a}}"),
		with("etcd: {mirrors: []}"),
		with("etcd: {preinstalled: 'true'}"),
		with("pki: {key: {size: 384}}"),
		with("pki: {key: {size: 0x100}}"),
		with("pki: {key: {size: 512}}"),
		with("pki: {ca: {cert: a}}"),
		with("clients: []"),
		with("clients: [a]"),
		"name: a\n", "name: a\nmembers: []\n", "name: a\nmembers: {}\n", "name: 1\nmembers: [{name: a, address: b}]\n",
	} {
		d := open("cluster.yaml", []byte(src))
		if d.failed() {
			t.Fatalf("%s\n%v", src, d.problems)
		}
		var value any
		if err := d.root.Decode(&value); err != nil {
			t.Fatal(err)
		}
		want := ref.Validate(value)
		if got := structural(d); got != (want == nil) {
			t.Errorf("%s\nwe say %t, the library: %v", src, got, want)
		}
	}
}

func TestWhatTheSchemaSaysIsTheDefaultIsTheDefault(t *testing.T) {
	c, _ := parse(t, with("etcd: {preinstalled: true}"))
	c.Etcd.Preinstalled = false
	text, err := yaml.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	d := open("", text)
	var visit func(s *schema, path ...any)
	visit = func(s *schema, path ...any) {
		for name, property := range s.Properties {
			p := append(append([]any{}, path...), name)
			if word, ok := property.Default.(string); ok && d.node(p...).Value != word {
				t.Errorf("%v: the schema says %q, the default is %q", p, word, d.node(p...).Value)
			}
			visit(property, p...)
		}
		if s.Items != nil {
			visit(s.Items, append(append([]any{}, path...), 0)...)
		}
	}
	visit(parsedSchema())
}

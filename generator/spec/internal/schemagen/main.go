// Command schemagen writes the JSON Schema of cluster.yaml from spec.Cluster's types, tags and comments.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"

	"github.com/invopop/jsonschema"

	"github.com/etcdbake/etcdbake/generator/spec"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: schemagen FILE, in generator/spec")
		os.Exit(2)
	}
	doc, err := generate(".")
	if err == nil {
		err = os.WriteFile(os.Args[1], doc, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "schemagen:", err)
		os.Exit(1)
	}
}

// generate returns the schema; dir is the folder of package spec, whose comments become descriptions.
func generate(dir string) ([]byte, error) {
	wd, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	if err := os.Chdir(dir); err != nil { // AddGoComments wants the path to be relative to the package
		return nil, err
	}
	defer os.Chdir(wd)
	r := &jsonschema.Reflector{
		FieldNameTag:               "yaml",
		RequiredFromJSONSchemaTags: true,
		DoNotReference:             true,
		Anonymous:                  true,
		Mapper:                     units,
	}
	if err := r.AddGoComments("github.com/etcdbake/etcdbake/generator/spec", "."); err != nil {
		return nil, err
	}
	s := r.Reflect(&spec.Cluster{})
	s.ID = "https://github.com/etcdbake/etcdbake/cluster.schema.json"
	s.Title = "etcdbake cluster.yaml"
	refine(s)
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(s)
	return buf.Bytes(), err
}

// units maps the types that read text of their own; package spec checks the text by the format's name.
func units(t reflect.Type) *jsonschema.Schema {
	switch t {
	case reflect.TypeFor[spec.Duration]():
		return &jsonschema.Schema{Type: "string", Format: "etcdbake-duration"}
	case reflect.TypeFor[spec.Bytes]():
		return types("etcdbake-size", "string", "integer")
	}
	return nil
}

// refine adds what struct tags cannot say.
func refine(s *jsonschema.Schema) {
	sha256 := property(s, "etcd", "sha256")
	sha256.AdditionalProperties = jsonschema.FalseSchema
	sha256.Properties = jsonschema.NewProperties()
	for _, arch := range []string{"amd64", "arm64"} {
		sha256.Properties.Set(arch, &jsonschema.Schema{Type: "string"}) // 64 hex digits, which package spec sees to
	}
	// Flags and retentions may be numbers, and flags booleans: they are used as written.
	one := uint64(1)
	setting := types("", "string", "integer", "number", "boolean")
	setting.MinLength = &one
	property(s, "tuning", "settings").AdditionalProperties = setting
	retention := property(s, "tuning", "auto_compaction", "retention")
	retention.Type = ""
	retention.Extras = map[string]any{"type": []string{"string", "integer"}}
	// structKeywordsFromTags knows no type here, so it has left these out.
	quota := property(s, "tuning", "quota_backend")
	quota.Default, quota.Examples = "2GiB", []any{"2GiB"}
	free := property(s, "maintenance", "defrag", "min_size")
	free.Default, free.Examples = "100MiB", []any{"100MiB"}
}

func types(format string, names ...string) *jsonschema.Schema {
	return &jsonschema.Schema{Format: format, Extras: map[string]any{"type": names}}
}

func property(s *jsonschema.Schema, path ...string) *jsonschema.Schema {
	for _, name := range path {
		s, _ = s.Properties.Get(name)
	}
	return s
}

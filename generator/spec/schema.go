package spec

import (
	_ "embed"
	"encoding/json"
	"slices"
	"sync"
)

//go:embed cluster.schema.json
var schemaJSON []byte

// Schema returns the JSON Schema of cluster.yaml (draft 2020-12), for editors and CI.
func Schema() []byte { return slices.Clone(schemaJSON) }

// schema is the part of JSON Schema that cluster.schema.json uses. A test sees that it uses no more, and another that a
// complete JSON Schema library judges like our structure check. That library is not used here because its start alone,
// 4.4 ms, is a fifth of the time that a whole `etcdbake generate` may take, and because it knows nothing of lines and columns.
type schema struct {
	Type                 oneOrMore          `json:"type"`
	Properties           map[string]*schema `json:"properties"`
	AdditionalProperties *additional        `json:"additionalProperties"`
	Required             []string           `json:"required"`
	Items                *schema            `json:"items"`
	MinItems             int                `json:"minItems"`
	MinLength            int                `json:"minLength"`
	Minimum              *int               `json:"minimum"`
	Enum                 []any              `json:"enum"`
	Format               string             `json:"format"`
	Examples             []any              `json:"examples"`

	annotations
}

// annotations say nothing about what is valid.
type annotations struct {
	Schema      string `json:"$schema"`
	ID          string `json:"$id"`
	Title       string `json:"title"`
	Description string `json:"description"`
	Default     any    `json:"default"`
}

// oneOrMore is a type keyword: one name, or a list of them.
type oneOrMore []string

func (o *oneOrMore) UnmarshalJSON(text []byte) error {
	if text[0] == '[' {
		return json.Unmarshal(text, (*[]string)(o))
	}
	*o = make(oneOrMore, 1)
	return json.Unmarshal(text, &(*o)[0])
}

// additional is an additionalProperties keyword: a schema, or false, which leaves the schema nil.
type additional struct{ *schema }

func (a *additional) UnmarshalJSON(text []byte) error {
	if string(text) == "false" {
		return nil
	}
	return json.Unmarshal(text, &a.schema)
}

// parsedSchema parses the schema when a spec is first read.
var parsedSchema = sync.OnceValue(func() *schema {
	s := new(schema)
	if err := json.Unmarshal(schemaJSON, s); err != nil {
		panic("cluster.schema.json: " + err.Error()) // embedded, and a test reads it
	}
	return s
})

package spec

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// structure checks a value against the schema. What is wrong is reported and then discarded, so that the rest can be
// decoded and checked too: one run finds all that there is to find. path is how messages call the value.
func (d *document) structure(n *yaml.Node, s *schema, path string) {
	if d.bad[n] {
		return // reported already, through an alias
	}
	if !slices.ContainsFunc(s.Type, func(t string) bool { return isType(n, t) }) {
		d.wrongType(n, s, path)
		d.discard(n)
		return
	}
	switch n.Kind {
	case yaml.MappingNode:
		d.mapping(n, s, path)
	case yaml.SequenceNode:
		if len(n.Content) < s.MinItems {
			d.errorf(n, "add one, or remove the key if it may be left out", "%s is empty", path)
		}
		for i, item := range n.Content {
			d.structure(item, s.Items, fmt.Sprintf("%s[%d]", path, i))
		}
	default:
		if !d.scalar(n, s, path) {
			d.discard(n)
		}
	}
}

// mapping checks the keys of a mapping, and the values of those that there are.
func (d *document) mapping(n *yaml.Node, s *schema, path string) {
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		property := s.Properties[key.Value]
		if property == nil && s.AdditionalProperties != nil {
			property = s.AdditionalProperties.schema
		}
		if property == nil {
			d.unknownKey(key, s, path)
			continue
		}
		d.structure(value, property, strings.TrimPrefix(path+"."+key.Value, "."))
	}
	for _, key := range s.Required {
		if lookup(n, key) == nil {
			hint := fmt.Sprintf("add %s:", key)
			if p := s.Properties[key]; len(p.Examples) > 0 {
				hint = fmt.Sprintf("add it, for example %s: %v", key, p.Examples[0])
			}
			d.errorf(n, hint, "%s has no %q", cmp.Or(path, "the spec"), key)
		}
	}
}

// unknownKey reports a key that the schema does not have, and where it belongs if that is known.
func (d *document) unknownKey(key *yaml.Node, s *schema, path string) {
	known := slices.Sorted(maps.Keys(s.Properties))
	hint := didYouMean(key.Value, known, "the keys are")
	for _, section := range slices.Sorted(maps.Keys(parsedSchema().Properties)) {
		if parsedSchema().Properties[section].Properties[key.Value] != nil && closest(key.Value, known) == "" {
			hint = fmt.Sprintf("%q belongs under %q", key.Value, section)
		}
	}
	in := ""
	if path != "" {
		in = " in " + path
	}
	d.errorf(key, hint, "unknown key %q%s", key.Value, in)
}

// scalar checks the value of a node whose type is right.
func (d *document) scalar(n *yaml.Node, s *schema, path string) bool {
	if s.MinLength > 0 && n.Value == "" {
		d.errorf(n, "give it a value, or remove the key if it may be left out", "%s is empty", path)
		return false
	}
	if s.Enum != nil {
		var words []string
		for _, v := range s.Enum {
			words = append(words, fmt.Sprint(v))
		}
		if !slices.Contains(words, canonical(n)) {
			d.errorf(n, didYouMean(n.Value, words, "choose one of"), "%s must be %s, not %q", path, either(words), n.Value)
			return false
		}
	}
	if s.Minimum != nil {
		var i int
		if err := n.Decode(&i); err != nil || i < *s.Minimum {
			d.errorf(n, fmt.Sprintf("give a number from %d up", *s.Minimum), "%s is out of range: %s", path, n.Value)
			return false
		}
	}
	return d.format(n, s, path)
}

// format checks text in a form of our own.
func (d *document) format(n *yaml.Node, s *schema, path string) bool {
	var err error
	var hint string
	switch s.Format {
	case "etcdbake-duration":
		_, err = ParseDuration(n.Value)
		hint = "write a number and a unit (ms, s, m, h, d, w, y), for example %v"
	case "etcdbake-size":
		_, err = ParseBytes(n.Value)
		hint = "write a number and a unit (KiB, MiB, GiB, …), for example %v"
	}
	if err != nil {
		d.errorf(n, fmt.Sprintf(hint, s.Examples[0]), "%s: %v", path, err)
	}
	return err == nil
}

// discard makes a value null: decoding passes over it, and nothing more is said about it.
func (d *document) discard(n *yaml.Node) {
	d.bad[n] = true
	n.Kind, n.Tag, n.Value, n.Content = yaml.ScalarNode, "!!null", "", nil
}

// isType tells whether a node is of a type of JSON Schema.
func isType(n *yaml.Node, name string) bool {
	switch name {
	case "object":
		return n.Kind == yaml.MappingNode
	case "array":
		return n.Kind == yaml.SequenceNode
	}
	if n.Kind != yaml.ScalarNode {
		return false
	}
	tag := n.ShortTag()
	switch name {
	case "string":
		return tag == "!!str"
	case "integer":
		return tag == "!!int"
	case "number":
		return tag == "!!int" || tag == "!!float"
	case "boolean":
		return tag == "!!bool"
	}
	return false
}

// canonical is a scalar's value, whole numbers in decimal.
func canonical(n *yaml.Node) string {
	var i int
	if n.ShortTag() == "!!int" && n.Decode(&i) == nil {
		return strconv.Itoa(i)
	}
	return n.Value
}

// wrongType reports a value of another type than the schema's, and how to write it instead.
func (d *document) wrongType(n *yaml.Node, s *schema, path string) {
	want := s.Type[0]
	if isNull(n) {
		d.errorf(n, "give it a value, or remove the key", "%s is empty", path)
		return
	}
	words := map[string]string{
		"string": "text", "integer": "a whole number", "number": "a number", "boolean": "true or false",
		"array": "a list", "object": "a mapping",
	}
	d.errorf(n, rewrite(n, s, want), "%s must be %s, but this is %s", path, words[want], describe(n))
}

// rewrite says how a value would be written as the wanted type.
func rewrite(n *yaml.Node, s *schema, want string) string {
	example := ""
	if len(s.Examples) > 0 {
		example = fmt.Sprintf(", for example %v", s.Examples[0])
	}
	scalar := n.Kind == yaml.ScalarNode
	switch {
	case want == "string" && s.Format == "etcdbake-duration":
		return "add a unit" + example
	case want == "string" && scalar:
		return fmt.Sprintf("put it in quotes: %q%s", n.Value, example)
	case want == "boolean" && scalar && slices.Contains([]string{"yes", "on", "y"}, strings.ToLower(n.Value)):
		return "write true"
	case want == "boolean":
		return "write true or false, without quotes"
	case want == "integer":
		return "write digits without quotes" + example
	case want == "array" && scalar:
		return fmt.Sprintf("put it in brackets: [%s]", n.Value)
	case want == "array":
		return "write one item per line, each after a dash"
	case want == "object":
		return "give it keys: " + strings.Join(slices.Sorted(maps.Keys(s.Properties)), ", ")
	}
	return "give one value" + example
}

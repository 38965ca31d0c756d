package spec

import (
	"unicode"

	"gopkg.in/yaml.v3"
)

// maxValues bounds what aliases can blow a file up to.
const maxValues = 100_000

// resolver replaces aliases and merge keys by what they stand for, and refuses what YAML allows and a spec does not:
// tags, keys that are not text, keys that are there twice.
type resolver struct {
	*document
	state map[*yaml.Node]progress
	size  map[*yaml.Node]int // how many values a node stands for, aliases included
}

type progress int

const (
	entered progress = iota + 1
	done
)

// resolve works on the whole tree in place; aliased nodes become shared. It returns false if the tree must not be walked.
func (d *document) resolve(root *yaml.Node) bool {
	r := &resolver{d, map[*yaml.Node]progress{}, map[*yaml.Node]int{}}
	if !r.node(root) {
		return false
	}
	if r.size[root] > maxValues {
		d.errorf(root, "is it the right file? An alias counts as all that it stands for",
			"the file has more than %d values", maxValues)
		return false
	}
	return true
}

// node resolves what is below n. It returns false when n contains itself.
func (r *resolver) node(n *yaml.Node) bool {
	switch r.state[n] {
	case entered:
		return false
	case done:
		return true
	}
	r.state[n] = entered
	r.scalar(n)
	size := 1
	for i, child := range n.Content {
		if child.Kind == yaml.AliasNode {
			n.Content[i] = child.Alias
		}
		if !r.node(n.Content[i]) {
			if child.Kind == yaml.AliasNode && r.state[child.Alias] == entered {
				r.errorf(child, "write the value out", "alias *%s stands for a value that contains it", child.Value)
			}
			return false
		}
		size = min(size+r.size[n.Content[i]], maxValues+1)
	}
	if n.Kind == yaml.MappingNode {
		r.mapping(n)
	}
	r.size[n], r.state[n] = size, done
	return true
}

// scalar checks what is true of every single value: no tag, and only text that can be printed, so that no value can break
// out of its line in the files that it is going to be put into.
func (r *resolver) scalar(n *yaml.Node) {
	if n.Style&yaml.TaggedStyle != 0 {
		r.errorf(n, "remove the tag; quotes make a value text", "tags such as %s are not used in a spec", n.ShortTag())
		r.discard(n)
	}
	if n.Kind != yaml.ScalarNode {
		return
	}
	for _, c := range n.Value {
		switch {
		case c == '\n' || c == '\r':
			r.errorf(n, "put the value on one line", "the value has a line break in it")
			r.discard(n)
			return
		case !unicode.IsPrint(c):
			r.errorf(n, "remove it", "the value holds the character %U, which cannot be printed", c)
			r.discard(n)
			return
		}
	}
}

// mapping drops duplicate keys and merges what merge keys (<<) name; a mapping's own keys win.
func (r *resolver) mapping(n *yaml.Node) {
	first := map[string]*yaml.Node{}
	var own, merged []*yaml.Node
	for i := 0; i < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case r.bad[key]:
		case key.ShortTag() == "!!merge":
			merged = append(merged, r.merge(value)...)
		case key.Kind != yaml.ScalarNode:
			r.errorf(key, "write one word and a colon", "a key cannot be %s", describe(key))
		case first[key.Value] != nil:
			f := first[key.Value]
			r.errorf(key, "keep one of them", "key %q is here twice, first at line %d, column %d", key.Value, f.Line, f.Column)
		default:
			first[key.Value] = key
			own = append(own, key, value)
		}
	}
	for i := 0; i < len(merged); i += 2 {
		if key := merged[i]; first[key.Value] == nil {
			first[key.Value] = key
			own = append(own, key, merged[i+1])
		}
	}
	n.Content = own
}

// merge returns the keys and values that a merge key's value stands for: a mapping, or a list of them.
func (r *resolver) merge(value *yaml.Node) []*yaml.Node {
	switch value.Kind {
	case yaml.MappingNode:
		return value.Content
	case yaml.SequenceNode:
		var all []*yaml.Node
		for _, item := range value.Content {
			if item.Kind == yaml.MappingNode {
				all = append(all, item.Content...)
				continue
			}
			r.errorf(item, "name mappings only: <<: [*a, *b]", "a merge key takes mappings, not %s", describe(item))
		}
		return all
	}
	r.errorf(value, "name a mapping: <<: *defaults", "a merge key takes a mapping, not %s", describe(value))
	return nil
}

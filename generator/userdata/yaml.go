package userdata

import (
	"encoding/base64"
	"fmt"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// oldScalar is what cloud-init's YAML 1.1 reads, bare, as something other than the string that YAML 1.2 sees: its booleans
// and its numbers to the base of 60 (https://yaml.org/type/bool.html as PyYAML does it, https://yaml.org/type/int.html).
var oldScalar = regexp.MustCompile(`^(?i:yes|no|on|off)$|^[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9_]*)?$`)

// lineError puts the line of n before a message; format may wrap an error.
func lineError(n *yaml.Node, format string, args ...any) error {
	return fmt.Errorf("line %d: %w", n.Line, fmt.Errorf(format, args...))
}

// follow returns what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// mapping returns the values of a mapping by key; none where n is something else.
func (c *cloudConfig) mapping(n *yaml.Node, at string) map[string]*yaml.Node {
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, twice := values[key.Value]; twice {
			c.problem(key, "%s has %q twice: cloud-init would take the last and drop the other", at, key.Value)
		}
		values[key.Value] = follow(n.Content[i+1])
	}
	return values
}

// sequence returns the items of a list; none where n is nil or null.
func (c *cloudConfig) sequence(n *yaml.Node, at string) []*yaml.Node {
	if n == nil || n.ShortTag() == "!!null" {
		return nil
	}
	if n.Kind != yaml.SequenceNode {
		c.problem(n, "%s must be a list", at)
		return nil
	}
	items := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		items[i] = follow(item)
	}
	return items
}

// text returns a value that should be a string, for cloud-init too; empty where it is none at all.
func (c *cloudConfig) text(n *yaml.Node, at string) string {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		c.problem(n, "%s must be a string", at)
		return ""
	}
	plain := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	explicit := n.Style&yaml.TaggedStyle != 0
	if n.ShortTag() != "!!str" || plain && !explicit && oldScalar.MatchString(n.Value) {
		c.problem(n, "%s is no string for cloud-init's YAML 1.1: write %q in quotes", at, n.Value)
	}
	return n.Value
}

// data returns a value that is a string or, with the tag !!binary, bytes. The error is that it is too large.
func (c *cloudConfig) data(n *yaml.Node, at string) ([]byte, error) {
	if len(n.Value) > c.room { // an alias may stand for the same value again and again
		return nil, lineError(n, "%s: %w", at, errTooLarge)
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!binary" {
		return []byte(c.text(n, at)), nil
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
	if err != nil {
		c.problem(n, "%s is !!binary but not base64: %w", at, err)
	}
	return b, nil
}

// truth reads a boolean as cloud-init's translate_bool does.
func (c *cloudConfig) truth(n *yaml.Node, at string) bool {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		c.problem(n, "%s must be a string", at)
		return false
	}
	switch strings.ToLower(n.Value) {
	case "true", "1", "on", "yes":
		return true
	case "false", "0", "off", "no":
	default:
		c.problem(n, "%s is %q: it must be true or false", at, n.Value)
	}
	return false
}

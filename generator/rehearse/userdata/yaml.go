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

// mapping returns the values of a mapping by key.
func mapping(n *yaml.Node, at string) (map[string]*yaml.Node, error) {
	n = follow(n)
	if n.Kind != yaml.MappingNode {
		return nil, lineError(n, "%s must be a mapping of keys to values", at)
	}
	values := map[string]*yaml.Node{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if _, twice := values[key.Value]; twice {
			return nil, lineError(key, "%s has %q twice: cloud-init would take the last and drop the other", at, key.Value)
		}
		values[key.Value] = follow(n.Content[i+1])
	}
	return values, nil
}

// sequence returns the items of a list; none where n is nil or null.
func sequence(n *yaml.Node, at string) ([]*yaml.Node, error) {
	if n == nil || n.ShortTag() == "!!null" {
		return nil, nil
	}
	n = follow(n)
	if n.Kind != yaml.SequenceNode {
		return nil, lineError(n, "%s must be a list", at)
	}
	items := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		items[i] = follow(item)
	}
	return items, nil
}

func scalar(n *yaml.Node, at string) (*yaml.Node, error) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() == "!!null" {
		return nil, lineError(n, "%s must be a string", at)
	}
	return n, nil
}

// text returns a value that is a string for cloud-init too.
func text(n *yaml.Node, at string) (string, error) {
	n, err := scalar(n, at)
	if err != nil {
		return "", err
	}
	plain := n.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
	explicit := n.Style&yaml.TaggedStyle != 0
	if n.ShortTag() != "!!str" || plain && !explicit && oldScalar.MatchString(n.Value) {
		return "", lineError(n, "%s is no string for cloud-init's YAML 1.1: write %q in quotes", at, n.Value)
	}
	return n.Value, nil
}

// data returns a value that is a string or, with the tag !!binary, bytes.
func data(n *yaml.Node, at string) ([]byte, error) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!binary" {
		s, err := text(n, at)
		return []byte(s), err
	}
	b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(n.Value), ""))
	if err != nil {
		return nil, lineError(n, "%s is !!binary but not base64: %w", at, err)
	}
	return b, nil
}

// truth reads a boolean as cloud-init's translate_bool does.
func truth(n *yaml.Node, at string) (bool, error) {
	n, err := scalar(n, at)
	if err != nil {
		return false, err
	}
	switch strings.ToLower(n.Value) {
	case "true", "1", "on", "yes":
		return true, nil
	case "false", "0", "off", "no":
		return false, nil
	}
	return false, lineError(n, "%s is %q: it must be true or false", at, n.Value)
}

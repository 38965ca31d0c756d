package userdata

import (
	"bytes"
	"crypto/sha256"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// secretName is what keys are called whose values are nobody's business. Public SSH keys are not among them.
var secretName = regexp.MustCompile(`(?i)passw|passphrase|secret|token|credential|private|api_?key|chpasswd|^ssh_keys$|_key_?data`)

// IsSecretName tells whether what is called name is likely to be a password, a key or the like.
func IsSecretName(name string) bool { return secretName.MatchString(name) }

// isSecret tells whether a key's whole value is a secret. A passwd that is a mapping is Ignition's section about users.
func isSecret(key string, value *yaml.Node) bool {
	return IsSecretName(key) && (key != "passwd" || value.Kind != yaml.MappingNode)
}

// Redacted stands for a secret.
const Redacted = "(redacted)"

// modules keeps every other key of the document as text.
func (c *cloudConfig) modules(top map[string]*yaml.Node) error {
	names := slices.DeleteFunc(slices.Clone(c.keys), func(key string) bool {
		return key == "write_files" || key == "bootcmd" || key == "runcmd"
	})
	var all []Module
	for _, name := range names {
		text, err := yamlText(top[name])
		if err != nil {
			return err
		}
		all = append(all, Module{Name: name, Sum: sha256.Sum256(text)})
	}
	// An alias in one module may stand for a secret in another, so nothing is shown before all is redacted.
	r := redactor{}
	for _, name := range names {
		r.node(top[name], isSecret(name, top[name]))
	}
	for i, name := range names {
		text, err := yamlText(top[name])
		if err != nil {
			return err
		}
		all[i].Text = string(text)
	}
	c.host.Modules = all
	return nil
}

func yamlText(n *yaml.Node) ([]byte, error) {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	if err := encoder.Encode(n); err != nil {
		return nil, err
	}
	return out.Bytes(), encoder.Close()
}

// redactor replaces secrets in a tree. It holds the nodes that it has been at; true is where everything in it was replaced.
type redactor map[*yaml.Node]bool

func (r redactor) node(n *yaml.Node, secret bool) {
	if done, seen := r[n]; seen && (done || !secret) {
		return
	}
	r[n] = secret
	n.HeadComment, n.LineComment, n.FootComment = "", "", ""
	switch n.Kind {
	case yaml.AliasNode:
		if secret {
			r.node(n.Alias, true)
		}
	case yaml.ScalarNode:
		if secret || strings.Contains(n.Value, "PRIVATE KEY") {
			n.Value, n.Tag, n.Style = Redacted, "!!str", 0
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := n.Content[i]
			key.HeadComment, key.LineComment, key.FootComment = "", "", ""
			r.node(n.Content[i+1], secret || isSecret(key.Value, n.Content[i+1]))
		}
	default:
		for _, child := range n.Content {
			r.node(child, secret)
		}
	}
}

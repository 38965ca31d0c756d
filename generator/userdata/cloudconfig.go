package userdata

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// cloudConfigHeader is the first line that makes user-data a cloud-config; cloud-init takes anything after it as a comment.
const cloudConfigHeader = "#cloud-config"

// defaultMode is write_files' mode for a file without permissions (DEFAULT_PERMS).
const defaultMode = 0o644

// cloudConfig is a cloud-config while it is read.
type cloudConfig struct {
	host *Host
	keys []string // of the document, in order
	room int      // bytes that contents may still take
}

// readCloudConfig reads one cloud-config. The error says why cloud-init would take nothing of it; all else that is wrong is
// among the host's problems. room is as of reader.
func readCloudConfig(document []byte, room int) (*cloudConfig, error) {
	var tree yaml.Node
	if err := yaml.Unmarshal(document, &tree); err != nil {
		return nil, fmt.Errorf("not YAML, so cloud-init would ignore all of it: %w", err)
	}
	if len(tree.Content) == 0 {
		return nil, errors.New("the cloud-config is empty")
	}
	root := follow(tree.Content[0])
	if root.Kind != yaml.MappingNode {
		return nil, lineError(root, "the cloud-config must be a mapping of keys to values")
	}
	c := &cloudConfig{host: &Host{}, room: room}
	top := c.mapping(root, "the cloud-config")
	for i := 0; i+1 < len(root.Content); i += 2 {
		if key := root.Content[i].Value; !slices.Contains(c.keys, key) {
			c.keys = append(c.keys, key)
		}
	}
	if err := c.files(top["write_files"]); err != nil {
		return nil, err
	}
	c.commands(top["bootcmd"], "bootcmd", EveryBoot)
	c.commands(top["runcmd"], "runcmd", FirstBoot)
	c.host.keys = c.keys
	return c, c.modules(top)
}

// problem adds one at n's line.
func (c *cloudConfig) problem(n *yaml.Node, format string, args ...any) {
	c.host.Problems = append(c.host.Problems, lineError(n, format, args...))
}

func (c *cloudConfig) files(list *yaml.Node) error {
	for i, item := range c.sequence(list, "write_files") {
		f, ok, err := c.file(item, fmt.Sprintf("write_files[%d]", i))
		if err != nil {
			return err
		}
		if ok {
			c.host.Files = append(c.host.Files, f)
		}
	}
	return nil
}

// file reads one entry of write_files; at is its place for errors. It is not ok where cloud-init would write no file.
func (c *cloudConfig) file(item *yaml.Node, at string) (f File, ok bool, err error) {
	if item.Kind != yaml.MappingNode {
		c.problem(item, "%s must be a mapping of keys to values", at)
		return f, false, nil
	}
	fields := c.mapping(item, at)
	f = File{Mode: defaultMode}
	var encoding string
	var content []byte
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		value, at := fields[key], at+"."+key
		switch key {
		case "path":
			f.Path = c.filePath(value, at)
		case "permissions":
			f.Mode = c.permissions(value, at)
		case "owner":
			f.Owner = c.text(value, at)
		case "encoding":
			encoding = c.text(value, at)
		case "content":
			if content, err = c.data(value, at); err != nil {
				return f, false, err
			}
		case "append":
			f.Append = c.truth(value, at)
		case "defer":
			f.Defer = c.truth(value, at)
		case "source":
			c.problem(value, "%s: what the host downloads is not known here", at)
		default:
			c.problem(value, "%s: cloud-init knows no such key", at)
		}
	}
	if f.Path == "" {
		c.problem(item, "%s has no path: cloud-init would skip it", at)
		return f, false, nil
	}
	f.Content, err = unpack(content, encoding, c.room)
	if errors.Is(err, errTooLarge) {
		return f, false, lineError(item, "%s (%s): %w", at, f.Path, err)
	}
	if err != nil {
		c.problem(item, "%s (%s): %w", at, f.Path, err)
	}
	c.room -= len(f.Content)
	return f, true, nil
}

func (c *cloudConfig) filePath(n *yaml.Node, at string) string {
	s := c.text(n, at)
	if s == "" {
		return ""
	}
	if !path.IsAbs(s) {
		c.problem(n, "%s is %q: it must be an absolute path", at, s)
		s = "/" + s // where cloud-init's own working folder is
	}
	return path.Clean(s)
}

// permissions insists on a string, as cloud-init's schema does: a bare number is octal or decimal by who reads it.
func (c *cloudConfig) permissions(n *yaml.Node, at string) fs.FileMode {
	s := c.text(n, at)
	base := 8
	if n.ShortTag() == "!!int" {
		base = 0 // a number to YAML 1.1 already, which is octal after a zero
	}
	bits, err := strconv.ParseUint(strings.TrimPrefix(s, "0o"), base, 32)
	if err != nil || bits > 0o7777 {
		c.problem(n, "%s is %q: it must be an octal mode like \"0644\"", at, s)
		return defaultMode
	}
	return fs.FileMode(bits)
}

// commands reads bootcmd and runcmd: an item is a string for the shell or a list of words.
func (c *cloudConfig) commands(list *yaml.Node, name string, when When) {
	for i, item := range c.sequence(list, name) {
		at := fmt.Sprintf("%s[%d]", name, i)
		words := []string{"sh", "-c"}
		if item.Kind == yaml.ScalarNode {
			words = append(words, c.text(item, at))
		} else {
			words = nil
			for j, word := range c.sequence(item, at) {
				words = append(words, c.text(word, fmt.Sprintf("%s[%d]", at, j)))
			}
		}
		c.host.Commands = append(c.host.Commands, Command{when, words})
	}
}

// isCloudConfig tells whether cloud-init takes a document for a cloud-config.
func isCloudConfig(document []byte) bool {
	rest, ok := bytes.CutPrefix(document, []byte(cloudConfigHeader))
	return ok && !bytes.HasPrefix(rest, []byte("-archive")) && !bytes.HasPrefix(rest, []byte("-jsonp"))
}

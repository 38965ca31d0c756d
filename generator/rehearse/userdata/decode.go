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

// header is the first line that makes user-data a cloud-config; cloud-init takes anything after it as a comment.
const header = "#cloud-config"

// defaultMode is write_files' mode for a file without permissions (DEFAULT_PERMS).
const defaultMode = 0o644

// Decode reads a cloud-config. Errors say the line and what cloud-init would have made of it.
func Decode(userData []byte) (*Config, error) {
	if err := checkHeader(userData); err != nil {
		return nil, err
	}
	var document yaml.Node
	if err := yaml.Unmarshal(userData, &document); err != nil {
		return nil, fmt.Errorf("not YAML, so cloud-init would ignore all of it: %w", err)
	}
	if len(document.Content) == 0 {
		return nil, errors.New("the cloud-config is empty")
	}
	top, err := mapping(document.Content[0], "the cloud-config")
	if err != nil {
		return nil, err
	}
	var c Config
	if c.Files, err = files(top["write_files"]); err != nil {
		return nil, err
	}
	if c.BootCmd, err = commands(top["bootcmd"], "bootcmd"); err != nil {
		return nil, err
	}
	if c.RunCmd, err = commands(top["runcmd"], "runcmd"); err != nil {
		return nil, err
	}
	return &c, nil
}

func checkHeader(userData []byte) error {
	first, _, _ := bytes.Cut(userData, []byte("\n"))
	switch {
	case bytes.HasPrefix(first, []byte(header)):
		return nil
	case len(bytes.TrimSpace(userData)) == 0:
		return errors.New("the user-data is empty")
	case bytes.HasPrefix(first, []byte("## template:")):
		return errors.New("line 1: a template is rendered on the host from its metadata; give the finished cloud-config")
	default:
		return fmt.Errorf("line 1: user-data must start with %s, or cloud-init does not take it for a cloud-config", header)
	}
}

func files(list *yaml.Node) ([]File, error) {
	items, err := sequence(list, "write_files")
	if err != nil {
		return nil, err
	}
	var all []File
	for i, item := range items {
		f, err := file(item, fmt.Sprintf("write_files[%d]", i))
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// file reads one entry of write_files; at is its place for errors.
func file(item *yaml.Node, at string) (File, error) {
	fields, err := mapping(item, at)
	if err != nil {
		return File{}, err
	}
	f := File{Mode: defaultMode}
	var encoding string
	var content []byte
	for _, key := range slices.Sorted(maps.Keys(fields)) {
		value, at := fields[key], at+"."+key
		switch key {
		case "path":
			f.Path, err = filePath(value, at)
		case "permissions":
			f.Mode, err = permissions(value, at)
		case "owner":
			f.Owner, err = text(value, at)
		case "encoding":
			encoding, err = text(value, at)
		case "content":
			content, err = data(value, at)
		case "append":
			f.Append, err = truth(value, at)
		case "defer":
			f.Defer, err = truth(value, at)
		default:
			err = lineError(value, "%s: cloud-init knows no such key", at)
		}
		if err != nil {
			return File{}, err
		}
	}
	if f.Path == "" {
		return File{}, lineError(item, "%s has no path: cloud-init would skip it", at)
	}
	if f.Content, err = unpack(content, encoding); err != nil {
		return File{}, lineError(item, "%s (%s): %w", at, f.Path, err)
	}
	return f, nil
}

func filePath(n *yaml.Node, at string) (string, error) {
	s, err := text(n, at)
	if err == nil && !path.IsAbs(s) {
		err = lineError(n, "%s is %q: it must be an absolute path", at, s)
	}
	return path.Clean(s), err
}

// permissions insists on a string, as cloud-init's schema does: a bare number is octal or decimal by who reads it.
func permissions(n *yaml.Node, at string) (fs.FileMode, error) {
	s, err := text(n, at)
	if err != nil {
		return 0, err
	}
	bits, err := strconv.ParseUint(strings.TrimPrefix(s, "0o"), 8, 32)
	if err != nil || bits > 0o777 {
		return 0, lineError(n, "%s is %q: it must be an octal mode like \"0644\"", at, s)
	}
	return fs.FileMode(bits), nil
}

// commands reads bootcmd and runcmd: an item is a string for the shell or a list of words.
func commands(list *yaml.Node, name string) ([]Command, error) {
	items, err := sequence(list, name)
	if err != nil {
		return nil, err
	}
	var all []Command
	for i, item := range items {
		at := fmt.Sprintf("%s[%d]", name, i)
		if item.Kind == yaml.ScalarNode {
			line, err := text(item, at)
			if err != nil {
				return nil, err
			}
			all = append(all, Command{"sh", "-c", line})
			continue
		}
		words, err := sequence(item, at)
		if err != nil {
			return nil, err
		}
		var c Command
		for j, word := range words {
			s, err := text(word, fmt.Sprintf("%s[%d]", at, j))
			if err != nil {
				return nil, err
			}
			c = append(c, s)
		}
		all = append(all, c)
	}
	return all, nil
}

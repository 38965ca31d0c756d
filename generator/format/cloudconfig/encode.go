// Package cloudconfig encodes a host's plan as cloud-init user-data (#cloud-config), and decodes it as cloud-init would:
// https://docs.cloud-init.io/en/latest/reference/modules.html.
package cloudconfig

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"al.essio.dev/pkg/shellescape"
	"gopkg.in/yaml.v3"

	"github.com/etcdbake/etcdbake/generator/compress"
	"github.com/etcdbake/etcdbake/generator/plan"
)

// Form is how file contents are written.
type Form int

// Readable writes them as they are; Compact gzips each (encoding gz+b64), for a cloud whose limit the readable form exceeds.
const (
	Readable Form = iota
	Compact
)

// defaultMode is what write_files gives a file without permissions.
const defaultMode = 0o644

// Encode returns the host's user-data. Equal plans give equal bytes.
func Encode(host plan.Host, form Form) ([]byte, error) {
	if form == Readable {
		if doc, plain := encodePlain(host); plain {
			return doc, nil
		}
	}
	doc, err := encodeYAML(host, form)
	if err != nil {
		return nil, fmt.Errorf("encoding the user-data of %s: %w", host.Name, err)
	}
	return doc, nil
}

const firstLine = "#cloud-config\n"

func encodeYAML(host plan.Host, form Form) ([]byte, error) {
	files, err := writeFiles(host.Files, form)
	if err != nil {
		return nil, err
	}
	var commands []*yaml.Node
	for _, words := range firstBootCommands(host) {
		commands = append(commands, command(words...))
	}
	doc := mapping(
		"bootcmd", list(command("sh", "-c", bootScript(host))),
		"write_files", files,
		"runcmd", list(commands...),
	)
	doc.HeadComment = headComment(host)
	out := bytes.NewBufferString(firstLine)
	encoder := yaml.NewEncoder(out)
	encoder.SetIndent(2)
	err = errors.Join(encoder.Encode(doc), encoder.Close())
	return out.Bytes(), err
}

func headComment(host plan.Host) string {
	return fmt.Sprintf("etcd member %s of %s, with keys: keep secret.", host.Name, host.Cluster)
}

func firstBootCommands(host plan.Host) [][]string {
	return [][]string{
		// It reloads the units too (systemctl(1), enable).
		{"systemctl", "enable", "--now", "--no-block", host.Unit},
		host.Check, // the last command's failure is cloud-init's too
	}
}

// bootScript runs at every boot, before write_files. It makes the directories, since write_files creates a file with the
// default mode and narrows it afterwards. And it sees to it that these user-data are written until first boot is done with them,
// and never again. Until then it takes back cloud-init's notes of having run: cloud-init makes them before it runs a module, so
// a host that loses power in the middle would never be finished. Afterwards it makes the note of write_files, where a re-run
// (cloud-init clean, or a new instance ID) would overwrite what was changed on the host since. The note of users_groups is taken
// back too: the image's own user, by whom one logs in, may be lost with what was not synced.
//
// What cloud-init has written before is made to last: an empty data/set-hostname, which is what a power failure leaves of a file
// that was not synced, would fail cloud-init at every boot.
func bootScript(host plan.Host) string {
	var script strings.Builder
	for _, d := range host.Directories {
		path := shellescape.Quote(d.Path)
		fmt.Fprintf(&script, "[ -d %s ] || mkdir -m %04o %s\n", path, d.Mode, path)
	}
	script.WriteString("cd /var/lib/cloud/instance/sem && sync -f .\n")
	fmt.Fprintf(&script, "grep -qsx %s %s && exec touch config_write_files\n", shellescape.Quote(host.ID), shellescape.Quote(host.Done))
	script.WriteString("rm -f config_write_files config_runcmd config_scripts_user config_us*\n")
	return script.String()
}

func writeFiles(files []plan.File, form Form) (*yaml.Node, error) {
	var entries []*yaml.Node
	for _, f := range files {
		content, err := contentOf(f, form)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Path, err)
		}
		entry := []any{"path", text(f.Path)}
		if f.Mode != defaultMode {
			entry = append(entry, "permissions", quoted(fmt.Sprintf("%04o", f.Mode)))
		}
		entries = append(entries, mapping(append(entry, content...)...))
	}
	return list(entries...), nil
}

// contentOf returns the encoding of a file, where it has one, and content.
func contentOf(f plan.File, form Form) ([]any, error) {
	if form == Compact {
		packed, err := compress.Gzip(f.Content)
		if err != nil {
			return nil, err
		}
		if packed := base64.StdEncoding.EncodeToString(packed); len(packed) < len(f.Content) {
			return []any{"encoding", text("gz+b64"), "content", text(packed)}, nil
		}
	}
	if !utf8.Valid(f.Content) || startsWithSpace(f.Content) {
		return []any{"encoding", text("b64"), "content", text(base64.StdEncoding.EncodeToString(f.Content))}, nil
	}
	return []any{"content", literal(string(f.Content))}, nil
}

// startsWithSpace tells what yaml.v3 does not keep: it takes the first line's white space for the block's indentation.
func startsWithSpace(content []byte) bool {
	first, _ := utf8.DecodeRune(content)
	return unicode.IsSpace(first)
}

func text(s string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s} }

func quoted(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.DoubleQuotedStyle}
}

func literal(s string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: s, Style: yaml.LiteralStyle}
}

func list(items ...*yaml.Node) *yaml.Node { return &yaml.Node{Kind: yaml.SequenceNode, Content: items} }

// command is a list of words, which cloud-init runs without a shell.
func command(words ...string) *yaml.Node {
	node := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
	for _, word := range words {
		if strings.Contains(word, "\n") {
			node.Style = 0
			node.Content = append(node.Content, literal(word))
			continue
		}
		node.Content = append(node.Content, text(word))
	}
	return node
}

// mapping takes keys (strings) and values (nodes) in turn, and keeps their order.
func mapping(pairs ...any) *yaml.Node {
	node := &yaml.Node{Kind: yaml.MappingNode}
	for i := 0; i < len(pairs); i += 2 {
		node.Content = append(node.Content, text(pairs[i].(string)), pairs[i+1].(*yaml.Node))
	}
	return node
}

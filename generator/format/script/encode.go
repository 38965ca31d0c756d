// Package script encodes a host's plan as one POSIX shell script, for hosts without cloud-init and for whoever has a shell on
// one: a cloud's startup script, user-data, ssh. It needs what every Linux has, be it of busybox: id, sed, cat, chmod, cmp,
// grep, mkdir, mv, rm, sync; and systemd.
package script

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/etcdbake/etcdbake/generator/compress"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/templates"
)

// Form is how the script is written.
type Form int

// Readable shows files as they are. Compact is the same script gzipped as base64, text still, with a few lines that unpack it:
// for a cloud whose limit the readable form exceeds. It needs base64 and gzip on the host.
const (
	Readable Form = iota
	Compact
)

// Encode returns the host's script, which is UTF-8 text. Equal plans give equal bytes.
func Encode(host plan.Host, form Form) ([]byte, error) {
	script, err := readable(host)
	if err == nil && form == Compact {
		script, err = pack(host, script)
	}
	if err != nil {
		return nil, fmt.Errorf("encoding the script of %s: %w", host.Name, err)
	}
	return script, nil
}

func readable(host plan.Host) ([]byte, error) {
	var body strings.Builder
	for _, d := range host.Directories {
		fmt.Fprintf(&body, "\tdir %s %04o\n", shellescape.Quote(d.Path), d.Mode)
	}
	for _, f := range host.Files {
		put(&body, f)
	}
	member, cluster := printable(host.Name), printable(host.Cluster)
	farewell := fmt.Sprintf("this host becomes etcd member %s of cluster %s; to watch it: journalctl -fu %s",
		member, cluster, host.Unit)
	return templates.Render(templates.Script, struct {
		Member, Cluster, Unit, Done, ID, Mark, Owner, Body, Check, Farewell string
		Systemd                                                             int
		Golden                                                              bool
	}{
		member, cluster, shellescape.Quote(host.Unit), shellescape.Quote(host.Done), shellescape.Quote(host.ID),
		shellescape.Quote(host.Mark), shellescape.Quote(host.Owner), body.String(), shellescape.QuoteCommand(host.Check),
		shellescape.Quote(farewell), plan.OldestSystemd, !slices.ContainsFunc(host.Files, isUnit(host.Unit)),
	})
}

// isUnit tells whether a file is the unit, which only a golden image has where the plan does not bring it.
func isUnit(name string) func(plan.File) bool {
	return func(f plan.File) bool { return path.Base(f.Path) == name }
}

// put writes the command that makes a file.
func put(body *strings.Builder, f plan.File) {
	fmt.Fprintf(body, "\tput %s %04o", shellescape.Quote(path.Clean(f.Path)), f.Mode)
	if !isText(f.Content) {
		fmt.Fprintf(body, " '%s'\n", escape(f.Content))
		return
	}
	end := endOf(f.Content)
	fmt.Fprintf(body, " <<'%s'\n%s%s\n", end, f.Content, end)
}

// isText tells whether a here-document can hold the content: whole lines of ASCII. Other characters some versions of dash lose
// (0.5.12, after the begin of the word that ends the document), and control characters a terminal or an editor on the way.
func isText(content []byte) bool {
	return !bytes.ContainsFunc(content, isSpecial) && (len(content) == 0 || content[len(content)-1] == '\n')
}

func isSpecial(r rune) bool { return r != '\n' && r != '\t' && (r < ' ' || r >= 0x7f) }

// endOf returns a word that is no line of the content, to end it.
func endOf(content []byte) string {
	end := "END"
	for n := 2; bytes.Contains(append([]byte("\n"), content...), []byte("\n"+end+"\n")); n++ {
		end = fmt.Sprintf("END_%d", n)
	}
	return end
}

// escape writes bytes for the %b of printf (POSIX XCU printf), to stand in single quotes: \0 and up to three octal digits.
func escape(content []byte) string {
	var out strings.Builder
	for _, b := range content {
		if isSpecial(rune(b)) || b == '\\' || b == '\'' {
			fmt.Fprintf(&out, `\0%03o`, b)
		} else {
			out.WriteByte(b)
		}
	}
	return out.String()
}

// printable keeps a name from ending the comment that it stands in.
func printable(name string) string { return shellescape.StripUnsafe(strings.ToValidUTF8(name, "")) }

// lineLength is that of base64's lines, as base64(1) writes them.
const lineLength = 76

// pack returns a script that unpacks and runs the given one. It evaluates it instead of giving it to another shell, on whose
// command line anybody could read it.
func pack(host plan.Host, script []byte) ([]byte, error) {
	zipped, err := compress.Gzip(script)
	if err != nil {
		return nil, err
	}
	encoded := base64.StdEncoding.EncodeToString(zipped)
	var lines []string
	for len(encoded) > lineLength {
		lines, encoded = append(lines, encoded[:lineLength]), encoded[lineLength:]
	}
	return templates.Render(templates.PackedScript, struct{ Member, Cluster, Packed string }{
		printable(host.Name), printable(host.Cluster), strings.Join(append(lines, encoded), "\n"),
	})
}

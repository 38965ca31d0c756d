//go:build e2e

package packer

import (
	"bytes"
	_ "embed"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/etcdbake/etcdbake/test/internal/release"
	"github.com/etcdbake/etcdbake/tools/packerbin"
)

//go:embed testdata/bake.pkr.hcl.tmpl
var bakeTemplate string

// bake is one `packer build`.
type bake struct {
	packer string            // version; "" is the newest
	user   string            // on the guest; "" is root
	before []string          // commands of a shell provisioner before ours, as root
	args   map[string]string // of our provisioner, besides version and sha256, as HCL; "" leaves one out
}

// quoted is a string in HCL.
func quoted(s string) string { return fmt.Sprintf("%q", s) }

// write makes the template in a folder of its own and returns its path.
func (l *lab) write(b bake) string {
	l.t.Helper()
	args := map[string]string{"version": quoted(version), "sha256": quoted(release.SHA256(l.mirror.tarball))}
	maps.Copy(args, b.args)
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(args)) {
		if args[name] != "" {
			lines = append(lines, name+" = "+args[name])
		}
	}
	user := "root"
	if b.user != "" {
		user = b.user
	}
	functions := template.FuncMap{"quoted": quoted}
	var out bytes.Buffer
	if err := template.Must(template.New("").Funcs(functions).Parse(bakeTemplate)).Execute(&out, map[string]any{
		"Address": guestAddress, "User": user, "Key": l.key, "Before": b.before, "Args": lines,
	}); err != nil {
		l.t.Fatal(err)
	}
	path := filepath.Join(l.t.TempDir(), "bake.pkr.hcl")
	if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
		l.t.Fatal(err)
	}
	return path
}

// command prepares the build, to be run beside the hosts.
func (l *lab) command(b bake) *exec.Cmd {
	l.t.Helper()
	v := b.packer
	if v == "" {
		v = packerbin.Newest
	}
	packer, err := packerWithPlugin(l.ctx, v)
	if err != nil {
		l.t.Fatal(err)
	}
	args := packer.Args(l.write(b))
	cmd := l.net.Command(l.ctx, args[0], args[1:]...)
	cmd.Dir = l.t.TempDir()
	cmd.Env = packer.Env(cmd.Dir)
	return cmd
}

// build bakes, and returns all that Packer prints.
func (l *lab) build(b bake) (string, error) {
	l.t.Helper()
	output, err := l.command(b).CombinedOutput()
	return string(output), err
}

// succeeds bakes and fails the test where that does not work.
func (l *lab) succeeds(b bake) string {
	l.t.Helper()
	output, err := l.build(b)
	if err != nil {
		l.t.Fatalf("packer build: %v\n%s", err, output)
	}
	return output
}

// fails bakes and fails the test where that works, or where Packer does not say each of the words.
func (l *lab) fails(b bake, words ...string) string {
	l.t.Helper()
	output, err := l.build(b)
	if err == nil {
		l.t.Fatalf("packer build has worked:\n%s", output)
	}
	for _, word := range words {
		if !strings.Contains(output, word) {
			l.t.Errorf("packer build does not say %q:\n%s", word, output)
		}
	}
	return output
}

package spec

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/etcdbake/etcdbake/tools/etcdbin"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

// Every quoted word of etcd's flag definitions and every flag of its help text is a candidate; the binary itself says
// whether that is a flag and of what kind. No etcd is ever started: each probe ends with a flag that does not exist.
func TestTheFlagTableIsThatOfRealEtcds(t *testing.T) {
	if testing.Short() {
		t.Skip("asks three etcd binaries some thousand times")
	}
	lines := map[string][]string{} // "name kind" → minors
	for _, version := range etcdbin.Versions() {
		minor := Etcd{Version: version}.Minor()
		for _, line := range realFlags(t, version, minor) {
			lines[line] = append(lines[line], minor)
		}
	}
	var got bytes.Buffer
	fmt.Fprintf(&got, "# Flags and feature gates of etcd %s: name, kind, minors. go test -update makes it.\n", strings.Join(etcdbin.Versions(), ", "))
	for _, line := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintln(&got, line, strings.Join(lines[line], " "))
	}
	goldenfile.Compare(t, "flags.txt", got.Bytes())
}

// realFlags returns "name kind" of every flag and feature gate of one etcd.
func realFlags(t *testing.T, version, minor string) []string {
	t.Helper()
	binary := etcdbin.Need(t, version).Etcd
	help, _ := exec.Command(binary, "--help").CombinedOutput()
	var lines []string
	for _, m := range regexp.MustCompile(`(?m)^    ([A-Za-z]+)=true\|false `).FindAllSubmatch(help, -1) {
		lines = append(lines, string(m[1])+" gate")
	}
	words := map[string]bool{}
	for _, m := range regexp.MustCompile(`--([a-z][a-z0-9-]*)`).FindAllSubmatch(help, -1) {
		words[string(m[1])] = true
	}
	for _, m := range regexp.MustCompile(`"([a-z][a-z0-9-]*)"`).FindAllSubmatch(definitions(t, minor), -1) {
		words[string(m[1])] = true
	}
	var mu sync.Mutex
	var probes errgroup.Group
	probes.SetLimit(4)
	for name := range words {
		probes.Go(func() error {
			if kind := probe(binary, name); kind != "" {
				mu.Lock()
				defer mu.Unlock()
				lines = append(lines, name+" "+kind)
			}
			return nil
		})
	}
	if err := probes.Wait(); err != nil {
		t.Fatal(err)
	}
	return lines
}

// definitions is the source text that defines an etcd's flags.
func definitions(t *testing.T, minor string) []byte {
	t.Helper()
	root, err := etcdbin.Root()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "go.etcd.io/etcd/server/v3")
	cmd.Dir = filepath.Join(root, "tools", "etcd"+strings.ReplaceAll(minor, ".", ""))
	dir, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s in %s: %v", cmd, cmd.Dir, err)
	}
	var all []byte
	for _, file := range []string{"etcdmain/config.go", "embed/config.go"} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), file))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	return all
}

// probe returns the kind of a flag, "" if there is no such flag, "other" where etcd has rules of its own.
func probe(binary, name string) string {
	if name == "help" || undefined(try(binary, "--"+name+"=1"), name) {
		return ""
	}
	takes := func(value string) bool { return !strings.Contains(try(binary, "--"+name+"="+value), "invalid ") }
	switch {
	case takes("@"):
		// A flag that takes any text but needs none is one of old, which etcd still takes and ignores.
		if undefined(try(binary, "--"+name, "--no-value"), "no-value") {
			return ""
		}
		return "string"
	case takes("true") && takes("1"):
		return "bool"
	case takes("1s") && !takes("1"):
		return "duration"
	case takes("0.5"):
		return "float"
	case takes("-1"):
		return "int"
	case takes("1"):
		return "uint"
	}
	return "other"
}

func undefined(output, flag string) bool {
	return strings.Contains(output, "provided but not defined: -"+flag+"\n")
}

func try(binary string, args ...string) string {
	out, _ := exec.Command(binary, append(args, "--no-such-flag")...).CombinedOutput()
	return string(out)
}

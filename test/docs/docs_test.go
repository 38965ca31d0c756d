// Package docs_test runs what the documentation shows. README.md beside it says how to write for it.
package docs_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/test/internal/commands"
	"github.com/etcdbake/etcdbake/test/internal/packertest"
)

const root = "../.."

// smallest completes a YAML block that shows one section only.
var smallest = map[string]string{
	"name":    "name: k8s-etcd\n",
	"members": "members: [{name: m1, address: 10.0.0.1}, {name: m2, address: 10.0.0.2}, {name: m3, address: 10.0.0.3}]\n",
}

func TestSpecsInTheDocumentationLoad(t *testing.T) {
	each(t, func(t *testing.T, path, markdown string) {
		for _, b := range blocks(markdown) {
			if !isSpec(b) {
				continue
			}
			if _, _, err := spec.Parse("cluster.yaml", []byte(complete(t, b.text))); err != nil {
				t.Errorf("%s:%d: %v", path, b.line, err)
			}
		}
	})
}

func TestConsolesInTheDocumentationAreWhatIsPrinted(t *testing.T) {
	bin := commands.Build(t, "etcdbake", "etcdbake-rehearse", "etcd-verify")
	packer := packertest.New(t)
	env := append(packer.Env, "PATH="+bin+":"+filepath.Dir(packer.Path)+":"+os.Getenv("PATH"))
	each(t, func(t *testing.T, path, markdown string) {
		scratch := t.TempDir()
		for _, b := range blocks(markdown) {
			if isSpec(b) && b.info != "" {
				if err := os.WriteFile(filepath.Join(scratch, b.info), []byte(b.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if b.language != "console" {
				continue
			}
			for _, s := range steps(b.text) {
				if err := s.run(scratch, env); errors.Is(err, errMachine) {
					t.Skipf("%s:%d: %v", path, b.line, err)
				} else if err != nil {
					t.Fatalf("%s:%d: %v", path, b.line, err)
				}
			}
		}
	})
}

func TestBlocksForPastingHaveNoPrompt(t *testing.T) {
	each(t, func(t *testing.T, path, markdown string) {
		for _, b := range blocks(markdown) {
			if b.language != "console" && regexp.MustCompile(`(?m)^\$ `).MatchString(b.text) {
				t.Errorf("%s:%d: a prompt in a block that is not run: make it ```console, or remove the prompt", path, b.line)
			}
		}
	})
}

func TestMakeTargetsInTheDocumentationExist(t *testing.T) {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	each(t, func(t *testing.T, path, markdown string) {
		for _, m := range regexp.MustCompile("(?m)(?:`|^ *|\\$ )make ([a-z0-9-]+)").FindAllStringSubmatch(markdown, -1) {
			if !strings.Contains(string(makefile), "\n"+m[1]+":") {
				t.Errorf("%s: make %s: the Makefile has no such target", path, m[1])
			}
		}
	})
}

func TestLinksInTheDocumentationLeadSomewhere(t *testing.T) {
	each(t, func(t *testing.T, path, markdown string) {
		for _, m := range regexp.MustCompile(`\]\(([^)\s#:]+)(#[^)]*)?\)`).FindAllStringSubmatch(markdown, -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), m[1])); err != nil {
				t.Errorf("%s: link to %s: %v", path, m[1], err)
			}
		}
	})
}

// each runs check on README.md, every file of docs/ and what is written for users beside examples.
func each(t *testing.T, check func(t *testing.T, path, markdown string)) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "examples/terraform/README.md"} {
		paths = append(paths, filepath.Join(root, name))
	}
	for _, path := range paths {
		markdown, err := os.ReadFile(path)
		if err != nil {
			t.Error(err)
			continue
		}
		t.Run(strings.TrimPrefix(path, root+"/"), func(t *testing.T) { check(t, path, string(markdown)) })
	}
}

// isSpec tells whether b is a cluster.yaml: YAML that does not say that it is something else.
func isSpec(b block) bool {
	return b.language == "yaml" && (b.info == "" || b.info == "cluster.yaml")
}

// complete adds the keys that every spec needs and the block does not show.
func complete(t *testing.T, text string) string {
	t.Helper()
	var shown map[string]any
	if err := yaml.Unmarshal([]byte(text), &shown); err != nil {
		return text // spec's own message is the better one
	}
	for key, line := range smallest {
		if _, ok := shown[key]; !ok {
			text += line
		}
	}
	return text
}

// errMachine is when the documentation is right and this machine does not allow what it shows: no user namespaces.
var errMachine = errors.New("cannot rehearse on this machine")

// run runs the step's command in the folder dir and compares what it prints with what is shown.
func (s step) run(dir string, env []string) error {
	cmd := exec.Command("sh", "-c", s.command)
	cmd.Dir = dir
	cmd.Env = append(env, "HOME="+dir)
	output, err := cmd.CombinedOutput()
	if err != nil && bytes.Contains(output, []byte(errMachine.Error())) {
		return fmt.Errorf("%w\n%s", errMachine, output)
	}
	if err != nil {
		return fmt.Errorf("%s%w\n%s", s.command, err, output)
	}
	if !fits(s.output, string(output)) {
		return fmt.Errorf("%sprinted\n%s\nwhich is not what is shown:\n%s", s.command, output, s.output)
	}
	return nil
}

// Package terraform_test runs a real terraform on the examples, with out/ from real specs. The providers of the clouds are not
// to be had everywhere, so tools/tfcloud stands in for them: it has the arguments of their resources, and creates nothing.
package terraform_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator"
)

const examples = "../../examples/terraform"

// binary is the machine's terraform.
func binary(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("terraform")
	if err != nil {
		t.Skip("there is no terraform on this machine")
	}
	return path
}

func TestTheExamplesAreFormatted(t *testing.T) {
	out, err := exec.Command(binary(t), "fmt", "-check", "-diff", "-recursive", examples).CombinedOutput()
	if err != nil {
		t.Errorf("%v: terraform fmt -recursive examples/terraform\n%s", err, out)
	}
}

// providers is the folder of the providers that stand in for the clouds', which are built once.
var providers = sync.OnceValues(func() (string, error) {
	folder, err := filepath.Abs("../../.cache/tfcloud")
	if err != nil {
		return "", err
	}
	for _, name := range []string{"aws", "google"} {
		build := exec.Command("go", "build", "-o", filepath.Join(folder, "terraform-provider-"+name), ".")
		build.Dir = "../../tools/tfcloud"
		build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w\n%s", err, out)
		}
	}
	return folder, nil
})

// workspace is an example with its state, and what etcdbake generated for it.
type workspace struct {
	t         *testing.T
	terraform string
	folder    string // of the example
	home      string // of state, out/, pki/ and all else
	variables []string
}

// open makes a workspace for an example, by its folder's name.
func open(t *testing.T, example string, variables ...string) *workspace {
	t.Helper()
	w := &workspace{t: t, terraform: binary(t), folder: filepath.Join(examples, example), home: t.TempDir()}
	w.variables = append(variables, "out="+filepath.Join(w.home, "out"))
	providers, err := providers()
	if err != nil {
		t.Fatal(err)
	}
	w.write("terraform.rc", fmt.Sprintf("provider_installation {\n  dev_overrides {\n"+
		"    \"hashicorp/aws\" = %q\n    \"hashicorp/google\" = %q\n  }\n}\n", providers, providers))
	w.must("get") // the module, which is in the folder
	return w
}

func (w *workspace) write(name, content string) {
	w.t.Helper()
	if err := os.WriteFile(filepath.Join(w.home, name), []byte(content), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// generate brings out/ up to date with a spec.
func (w *workspace) generate(spec string) {
	w.t.Helper()
	w.write("cluster.yaml", spec)
	_, err := generator.Generate(w.t.Context(), generator.Options{
		Spec: filepath.Join(w.home, "cluster.yaml"), PKI: filepath.Join(w.home, "pki"), Out: filepath.Join(w.home, "out"),
		Clock: time.Now,
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// run runs a command of terraform in the example's folder, without traffic to its makers.
func (w *workspace) run(words ...string) (output string, err error) {
	w.t.Helper()
	cmd := exec.Command(w.terraform, words...)
	cmd.Dir = w.folder
	cmd.Env = append(os.Environ(), "CHECKPOINT_DISABLE=1", "TF_IN_AUTOMATION=1", "TF_INPUT=0", "TF_CLI_ARGS=-no-color",
		"TF_CLI_CONFIG_FILE="+filepath.Join(w.home, "terraform.rc"), "TF_DATA_DIR="+filepath.Join(w.home, "data"))
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// plan returns what terraform would do, an address and its actions a line, and what it prints of that. apply does it.
func (w *workspace) plan(words ...string) (changes []string, printed string) {
	w.t.Helper()
	file := filepath.Join(w.home, "plan")
	printed = w.must(append([]string{"plan", "-state=" + w.state(), "-out=" + file}, w.flags(words)...)...)
	var plan struct {
		ResourceChanges []struct {
			Address string `json:"address"`
			Change  struct {
				Actions []string `json:"actions"`
			} `json:"change"`
		} `json:"resource_changes"`
	}
	text := w.must("show", "-json", file)
	if err := json.Unmarshal([]byte(text[strings.Index(text, "{"):]), &plan); err != nil {
		w.t.Fatal(err)
	}
	for _, c := range plan.ResourceChanges {
		if !slices.Equal(c.Change.Actions, []string{"no-op"}) && !slices.Equal(c.Change.Actions, []string{"read"}) {
			changes = append(changes, c.Address+" "+strings.Join(c.Change.Actions, " "))
		}
	}
	slices.Sort(changes)
	return changes, printed
}

func (w *workspace) apply(words ...string) {
	w.t.Helper()
	w.must(append([]string{"apply", "-auto-approve", "-state=" + w.state()}, w.flags(words)...)...)
}

func (w *workspace) state() string { return filepath.Join(w.home, "terraform.tfstate") }

func (w *workspace) flags(words []string) []string {
	for _, v := range w.variables {
		words = append(words, "-var="+v)
	}
	return words
}

func (w *workspace) must(words ...string) string {
	w.t.Helper()
	out, err := w.run(words...)
	if err != nil {
		w.t.Fatalf("terraform %s: %v\n%s", strings.Join(words, " "), err, out)
	}
	return out
}

// resources returns the attributes of every resource in the state, by its address.
func (w *workspace) resources() map[string]map[string]any {
	w.t.Helper()
	content, err := os.ReadFile(w.state())
	if err != nil {
		w.t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Module, Mode, Type, Name string
			Instances                []struct {
				IndexKey   string `json:"index_key"`
				Attributes map[string]any
			}
		}
	}
	if err := json.Unmarshal(content, &state); err != nil {
		w.t.Fatal(err)
	}
	all := map[string]map[string]any{}
	for _, r := range state.Resources {
		for _, i := range r.Instances {
			address := strings.TrimPrefix(r.Module+"."+r.Type+"."+r.Name, ".")
			if i.IndexKey != "" {
				address += fmt.Sprintf("[%q]", i.IndexKey)
			}
			if r.Mode == "managed" {
				all[address] = i.Attributes
			}
		}
	}
	return all
}

// member is the address of a member's resource.
func member(name, resource string) string { return fmt.Sprintf("module.member[%q].%s", name, resource) }

func expectChanges(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), got); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
}

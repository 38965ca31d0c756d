// Package templates_test has a real Packer judge the templates that `etcdbake generate --format packer` writes.
package templates_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdbake/etcdbake/test/internal/commands"
	"github.com/etcdbake/etcdbake/test/internal/packertest"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

// hostile settings end HCL's strings, and would be evaluated by HCL and by a shell.
const hostile = `name: k8s-etcd
members: [{name: m1, address: 10.0.0.1}, {name: m2, address: 10.0.0.2, arch: arm64}]
etcd: {mirrors: ["https://mirror.example.com/$(id)/'q'/${path.root}"]}
tuning: {settings: {host-whitelist: "\"} # ${file(\"/etc/passwd\")} %{ if } $(id) 'q' \\ 100%"}}
`

const examples = "../../examples"

const plain = "name: k8s-etcd\nmembers: [{name: m1, address: 10.0.0.1}]\n"

func TestPackerTakesTheTemplates(t *testing.T) {
	packer := newPacker(t)
	for name, spec := range map[string]string{"plain": plain, "hostile": hostile} {
		t.Run(name, func(t *testing.T) {
			p := packer.in(t)
			dir := p.generate(spec)
			p.run("fmt", "-check", "-diff", "-recursive", dir)
			for _, builder := range []string{"amazon-ebs", "googlecompute", "qemu"} {
				p.run("validate", "-syntax-only", filepath.Join(dir, builder))
				p.run("validate", "-syntax-only", filepath.Join(dir, "shell", builder))
			}
			p.run("validate", filepath.Join(dir, "qemu"))
			p.run("validate", filepath.Join(dir, "shell", "qemu"))
		})
	}
}

// TestExamplesAreWhatIsGenerated compares examples/packer with the templates of examples/cluster.yaml.
func TestExamplesAreWhatIsGenerated(t *testing.T) {
	spec, err := os.ReadFile(filepath.Join(examples, "cluster.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	dir := packer{t: t, bin: commands.Build(t, "etcdbake")}.generate(string(spec))
	for _, builder := range []string{"amazon-ebs", "googlecompute", "qemu"} {
		for _, name := range []string{"build", "source", "variables"} {
			path := filepath.Join(builder, name+".pkr.hcl")
			got, err := os.ReadFile(filepath.Join(dir, path))
			if err != nil {
				t.Fatal(err)
			}
			goldenfile.Compare(t, filepath.Join(examples, "packer", path), got)
		}
	}
}

func TestTheProvisionerJudgesWhatIsPutIntoATemplate(t *testing.T) {
	p := newPacker(t)
	template := filepath.Join(p.generate(plain), "qemu")
	for argument, want := range map[string]string{
		"etcd_version=3.6":             `"3.6" is not a version`,
		`etcd_settings={no-such="1"}`:  `no-such`,
		`etcd_sha256={amd64="abc"}`:    "is not a SHA-256",
		`etcd_mirrors=["ftp://a.org"]`: "is not an http or https URL",
	} {
		out, err := p.command("validate", "-var", argument, template).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("-var %s: %v, want %s\n%s", argument, err, want, out)
		}
	}
}

// packer is a real one, with etcdbake beside it.
type packer struct {
	packertest.Packer
	t   *testing.T
	bin string
}

func newPacker(t *testing.T) packer {
	t.Helper()
	return packer{packertest.New(t), t, commands.Build(t, "etcdbake")}
}

// in returns the same for a subtest.
func (p packer) in(t *testing.T) packer {
	p.t = t
	return p
}

// generate writes the templates of a spec and returns the folder that they are in.
func (p packer) generate(spec string) string {
	p.t.Helper()
	dir := p.t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "cluster.yaml"), []byte(spec), 0o644); err != nil {
		p.t.Fatal(err)
	}
	cmd := exec.CommandContext(p.t.Context(), filepath.Join(p.bin, "etcdbake"), "generate", "--format", "packer")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		p.t.Fatalf("%v\n%s", err, out)
	}
	return filepath.Join(dir, "out", "packer")
}

func (p packer) command(args ...string) *exec.Cmd { return p.Command(p.t, p.t.TempDir(), args...) }

func (p packer) run(args ...string) {
	p.t.Helper()
	if out, err := p.command(args...).CombinedOutput(); err != nil {
		p.t.Errorf("packer %v: %v\n%s", args, err, out)
	}
}

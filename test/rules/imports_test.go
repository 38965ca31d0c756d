// Package rules_test holds the rules that the compiler does not know: who may import whom, and how the repository is kept.
// Every rule carries its reason; whoever has a better reason changes the rule here.
package rules_test

import (
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/go/packages"
)

const module = "github.com/etcdbake/etcdbake"

// A layer is what the packages under a path may import of ours. The longest path that fits a package is its layer.
type layer struct {
	path    string
	imports []string // paths; each stands for everything under it too, except with a trailing "."
	because string
}

var layers = []layer{
	{"cmd/etcdbake", []string{"cmd/internal"}, "a main is a few lines"},
	{"cmd/etcd-verify", []string{"cmd/internal"}, "a main is a few lines"},
	{"cmd/etcdbake-rehearse", []string{"cmd/internal", "generator/rehearse"},
		"a main is a few lines, and its children are itself"},
	{"cmd/packer-plugin-etcd", []string{"packer"}, "a main is a few lines"},
	{"packer", []string{"generator/spec", "generator/plan", "templates"},
		"the provisioner lays down the plan's image layer: it holds no certificates and decides nothing about hosts"},
	{"cmd/internal/cli", nil, "streams and exit codes are the same for every command"},
	{"cmd/internal/cli/bake", []string{"cmd/internal/cli.", "cmd/internal/cli/rehearse.", "generator", "verify/expect"},
		"etcdbake makes artefacts; who verifies them needs no CA key, and who rehearses them is another process"},
	{"cmd/internal/cli/verify", []string{"cmd/internal/cli.", "verify"},
		"etcd-verify works where neither the spec nor pki/ is"},
	{"cmd/internal/cli/rehearse", []string{"cmd/internal/cli."},
		"the command line alone, which etcdbake has too: no etcd in it"},
	{"cmd/internal/cli/rehearse/run",
		[]string{"cmd/internal/cli.", "cmd/internal/cli/rehearse", "generator/rehearse", "verify"},
		"a rehearsal runs the final artefacts and the real checks, nothing else"},
	{"generator",
		[]string{"generator/spec", "generator/pki", "generator/plan", "generator/format", "generator/cloud",
			"generator/durable", "verify/expect"},
		"the façade: spec in, artefacts out"},
	{"generator/fleet", []string{"generator.", "generator/durable"}, "a fleet is the façade many times, and decides nothing"},
	{"generator/durable", nil, "a disk knows nothing of what is on it"},
	{"generator/compress", nil, "it knows bytes alone"},
	{"generator/cloud", []string{"generator/compress", "generator/spec"}, "what a cloud takes depends on no host"},
	{"generator/spec", []string{"generator/spec"}, "the spec says what is wanted and knows nothing of how it is made"},
	{"generator/pki", []string{"generator/spec", "generator/pki", "generator/durable"}, "certificates follow from the spec alone"},
	{"generator/plan", []string{"generator/spec", "generator/pki", "templates"},
		"the plan is the one source of truth about a host"},
	{"generator/plan/plantest", []string{"generator/spec", "generator/pki", "generator/plan."}, "plans for tests, as plan makes them"},
	{"generator/format", []string{"generator/compress", "generator/plan"}, "a format encodes the plan and decides nothing"},
	{"generator/format/nocloud", []string{"generator/plan", "generator/format/cloudconfig"},
		"the same, and a seed has a cloud-config in it"},
	{"generator/format/packer", []string{"generator/plan", "templates"},
		"the same, and its text is a template as that of hosts is"},
	{"generator/format/script", []string{"generator/compress", "generator/plan", "templates"},
		"the same, and what runs on a host is a template"},
	{"generator/inspect", []string{"generator/userdata", "generator/cloud", "generator/spec"},
		"it shows what a host is given, from whoever: not what its generator meant"},
	{"generator/userdata", nil, "it reads what a host is given, as the host would: it must not know how that was made"},
	{"generator/rehearse", []string{"generator/rehearse", "generator/userdata", "verify"},
		"a rehearsal reads the artefacts as a host would: it must not know how they were made"},
	{"templates", nil, "templates print what they are given"},
	{"verify", []string{"verify"}, "a verifier that shares the generator's code shares its mistakes"},
	{"tools", []string{"tools"}, "test tools stand alone"},
	{"test", []string{""}, "tests may look at everything"},
}

// An owner rule names the only packages of ours that may import a library directly.
type owner struct {
	library string
	owners  []string
	because string
}

var owners = []owner{
	{"github.com/cloudflare/cfssl", []string{"generator/pki"}, "one place makes certificates and holds CA keys"},
	{"github.com/hashicorp/packer-plugin-sdk", []string{"packer"}, "nobody else should carry Packer's dependencies"},
	{"go.etcd.io/etcd/client", []string{"verify"}, "only checks talk to a cluster"},
	{"go.etcd.io/etcd/server", []string{"generator/rehearse", "cmd/etcdbake-rehearse", "cmd/internal/cli/rehearse/run"},
		"an embedded etcd costs its command 17 ms at every start"},
	{"github.com/spf13/cobra", []string{"cmd"}, "only commands know about command lines"},
	{"gopkg.in/yaml.v3", []string{"generator/spec", "generator/format", "generator/userdata"},
		"YAML is read by the spec, written by formats and read back as user-data"},
	{"mvdan.cc/sh", []string{"generator/userdata"}, "scripts are read back in one place"},
	{"github.com/coreos/ignition", []string{"generator/format/ignition", "generator/userdata"},
		"one package writes Ignition configs and one reads them"},
	{"github.com/hashicorp/hcl", []string{"generator/format/packer", "packer"}, "HCL is Packer's language alone"},
	{"github.com/invopop/jsonschema", []string{"generator/spec"}, "the schema comes from the spec's own types"},
	{"github.com/vishvananda", []string{"generator/rehearse"}, "only a rehearsal makes networks"},
}

// A reach rule names what must not be anywhere in a package's import graph, not even through others.
type reach struct {
	path      string
	forbidden []string
	because   string
}

var reaches = []reach{
	{"cmd/etcdbake", []string{"go.etcd.io/etcd", "google.golang.org/grpc", "go.opentelemetry.io"},
		"generate must start in milliseconds: the embedded etcd alone added 17 ms to every start"},
	{"cmd/etcdbake", []string{"github.com/hashicorp/packer-plugin-sdk"}, "Packer's dependencies are the plugin's alone"},
	{"cmd/etcdbake", []string{"github.com/aws/aws-sdk-go-v2/service", "cloud.google.com", "github.com/Azure"},
		"of Ignition only the types and the parser are needed, not the clouds that it fetches from"},
	{"cmd/packer-plugin-etcd", []string{"go.etcd.io/etcd", "github.com/spf13/cobra"},
		"Packer starts it several times a build: the provisioner needs neither an etcd nor a command line"},
	{"cmd/etcd-verify",
		[]string{module + "/generator", module + "/templates", "go.etcd.io/etcd/server", "github.com/cloudflare/cfssl"},
		"the verifier runs in CI and on members: no CA code, no server, no generator"},
	{"cmd/etcdbake-rehearse", []string{module + "/generator/pki", "github.com/cloudflare/cfssl"},
		"a rehearsal uses the final artefacts and needs no CA key"},
}

func TestPackagesOfOursImportOnlyTheLayersBelowThem(t *testing.T) {
	for _, p := range ours(t) {
		l, ok := layerOf(rel(p))
		if !ok {
			t.Errorf("%s belongs to no layer: add it to the table in this file, with what it may import and why", rel(p))
			continue
		}
		for path := range p.Imports {
			if path, isOurs := cutModule(path); isOurs && !slices.ContainsFunc(l.imports, covers(path)) {
				t.Errorf("%s must not import %s: %s", rel(p), path, l.because)
			}
		}
	}
}

func TestLibrariesAreImportedByTheirOwnersOnly(t *testing.T) {
	for _, p := range ours(t) {
		if under(rel(p), "test") {
			continue
		}
		for _, o := range owners {
			if slices.ContainsFunc(o.owners, func(path string) bool { return under(rel(p), path) }) {
				continue
			}
			for path := range p.Imports {
				if under(path, o.library) {
					t.Errorf("%s must not import %s: %s", rel(p), path, o.because)
				}
			}
		}
	}
}

func TestCommandsDoNotReachWhatTheyMustNotCarry(t *testing.T) {
	for _, r := range reaches {
		for _, root := range ours(t) {
			if rel(root) != r.path {
				continue
			}
			for _, forbidden := range r.forbidden {
				if chain := shortestChain(root, forbidden); chain != nil {
					t.Errorf("%s must not reach %s: %s\n\tit does through %s",
						r.path, forbidden, r.because, strings.Join(chain, " → "))
				}
			}
		}
	}
}

// shortestChain returns the shortest chain of imports from root to a package under path, or nil.
func shortestChain(root *packages.Package, path string) []string {
	from := map[*packages.Package]*packages.Package{root: nil}
	for queue := []*packages.Package{root}; len(queue) > 0; queue = queue[1:] {
		p := queue[0]
		if under(p.PkgPath, path) {
			var chain []string
			for ; p != nil; p = from[p] {
				chain = append(chain, strings.TrimPrefix(p.PkgPath, module+"/"))
			}
			slices.Reverse(chain)
			return chain
		}
		for _, next := range p.Imports {
			if _, seen := from[next]; !seen {
				from[next] = p
				queue = append(queue, next)
			}
		}
	}
	return nil
}

// layerOf returns the layer with the longest path that pkg is under.
func layerOf(pkg string) (best layer, ok bool) {
	for _, l := range layers {
		if under(pkg, l.path) && (!ok || len(l.path) > len(best.path)) {
			best, ok = l, true
		}
	}
	return best, ok
}

// covers tells whether one of a layer's imports stands for the package pkg.
func covers(pkg string) func(string) bool {
	return func(allowed string) bool {
		if exact, ok := strings.CutSuffix(allowed, "."); ok {
			return pkg == exact
		}
		return allowed == "" || under(pkg, allowed)
	}
}

// under tells whether the slash-separated path is prefix or lies below it.
func under(path, prefix string) bool {
	rest, ok := strings.CutPrefix(path, prefix)
	return ok && (rest == "" || rest[0] == '/')
}

func rel(p *packages.Package) string {
	path, _ := cutModule(p.PkgPath)
	return path
}

func cutModule(path string) (string, bool) { return strings.CutPrefix(path, module+"/") }

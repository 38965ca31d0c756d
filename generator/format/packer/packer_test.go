package packer

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

const members = "name: k8s-etcd\nmembers: [{name: m1, address: 10.0.0.1}, {name: m2, address: 10.0.0.2, arch: arm64}]\n"

// encode returns the folder for a spec, by path.
func encode(t *testing.T, source string) map[string]string {
	t.Helper()
	return encodeImage(t, imageOf(t, source))
}

func imageOf(t *testing.T, source string) Image {
	t.Helper()
	c, _, err := spec.Parse("cluster.yaml", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	image := Image{Settings: c.Tuning.Settings}
	for _, arch := range c.Arches() {
		layout, err := plan.ImageFor(c, arch)
		if err != nil {
			t.Fatal(err)
		}
		image.Layouts = append(image.Layouts, layout)
	}
	return image
}

func encodeImage(t *testing.T, image Image) map[string]string {
	t.Helper()
	files, err := Encode(image)
	if err != nil {
		t.Fatal(err)
	}
	folder := map[string]string{}
	for _, f := range files {
		folder[f.Path] = string(f.Content)
	}
	if len(folder) != len(files) {
		t.Fatalf("%d of %d files have a path of their own", len(folder), len(files))
	}
	return folder
}

// hostile is text that ends a string, a block and a line in HCL and in a shell, and that HCL would evaluate.
const hostile = `"}` + "\t" + `\" ${file("/etc/passwd")} %{ for x in [1] }$${x}%%{ endfor } $(id) ` + "`id`" +
	` 'q' # // /* <<EOT é 100%`

func hostileImage() Image {
	release := plan.Release{Version: "3.6.14" + hostile, Arch: "amd64", SHA256: hostile, Mirrors: []string{hostile, "b"}}
	return Image{
		Layouts:  []plan.Layout{{Release: release, Install: []string{"/bin/sh", hostile}}},
		Settings: map[string]string{"log-level": hostile, hostile: "x"},
	}
}

func TestValuesComeOutOfATemplateAsTheyWentIn(t *testing.T) {
	folder := encodeImage(t, hostileImage())
	got := map[string]cty.Value{}
	for _, block := range parse(t, folder["qemu/variables.pkr.hcl"]).Blocks {
		if block.Type == "variable" {
			value, problems := block.Body.Attributes["default"].Expr.Value(nil)
			if problems.HasErrors() {
				t.Fatal(problems)
			}
			got[block.Labels[0]] = value
		}
	}
	text := cty.StringVal
	want := map[string]cty.Value{
		"arch":          text("amd64"),
		"etcd_version":  text("3.6.14" + hostile),
		"etcd_sha256":   cty.ObjectVal(map[string]cty.Value{"amd64": text(hostile)}),
		"etcd_mirrors":  cty.TupleVal([]cty.Value{text(hostile), text("b")}),
		"etcd_settings": cty.ObjectVal(map[string]cty.Value{"log-level": text(hostile), hostile: text("x")}),
	}
	for name, value := range want {
		if !value.RawEquals(got[name]) {
			t.Errorf("%s: got %#v\nwant %#v", name, got[name], value)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d variables, want %d", len(got), len(want))
	}
}

func TestWhatPackerWouldExpandIsRefused(t *testing.T) {
	for want, source := range map[string]string{
		"setting host-whitelist: a Packer template cannot hold {{, which Packer expands: a{{ env `HOME` }}": members +
			"tuning: {settings: {host-whitelist: 'a{{ env `HOME` }}'}}",
		"mirror: a Packer template cannot hold {{, which Packer expands: https://a.example/{{build}}": members +
			"etcd: {mirrors: ['https://b.example', 'https://a.example/{{build}}']}",
	} {
		_, err := Encode(imageOf(t, source))
		if err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestNoValueAddsABlock(t *testing.T) {
	tame := encode(t, members)
	for path, content := range encodeImage(t, hostileImage()) {
		if strings.HasSuffix(path, ".hcl") {
			if diff := cmp.Diff(blocks(parse(t, tame[path])), blocks(parse(t, content))); diff != "" {
				t.Errorf("%s:\n%s", path, diff)
			}
		}
	}
}

func parse(t *testing.T, content string) *hclsyntax.Body {
	t.Helper()
	file, problems := hclsyntax.ParseConfig([]byte(content), "template", hcl.InitialPos)
	if problems.HasErrors() {
		t.Fatalf("%v\n%s", problems, content)
	}
	return file.Body.(*hclsyntax.Body)
}

// blocks are the types and labels of all blocks, in order.
func blocks(body *hclsyntax.Body) (all []string) {
	for _, b := range body.Blocks {
		all = append(all, b.Type+" "+strings.Join(b.Labels, " "))
		all = append(all, blocks(b.Body)...)
	}
	return all
}

func TestTheSpecsValuesAreTheVariables(t *testing.T) {
	got := encode(t, members+"etcd: {version: 3.6.14, mirrors: ['https://a.example/etcd', 'https://b.example']}\n"+
		"tuning: {quota_backend: 8GiB, settings: {max-txn-ops: 256}}\n")["qemu/variables.pkr.hcl"]
	goldenfile.Compare(t, filepath.Join("testdata", "variables.pkr.hcl"), []byte(got))
}

func TestWithoutThePluginTheSameFilesAreUploaded(t *testing.T) {
	folder := encode(t, members)
	c, _, err := spec.Parse("cluster.yaml", []byte(members))
	if err != nil {
		t.Fatal(err)
	}
	layout, err := plan.ImageFor(c, "arm64")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range layout.Files {
		if folder["shell/files/image"+f.Path] != string(f.Content) {
			t.Errorf("%s is not what the plan has", f.Path)
		}
	}
	for _, arch := range []string{"amd64", "arm64"} {
		env := folder["shell/files/install-"+arch+".env"]
		if !strings.Contains(env, `ARCH="`+arch+`"`) || !strings.Contains(env, `SHA256="`+c.Etcd.SHA256[arch]+`"`) {
			t.Errorf("the release for %s:\n%s", arch, env)
		}
	}
}

func TestEveryBuilderIsThereWithAndWithoutThePlugin(t *testing.T) {
	folder := encode(t, members)
	for _, builder := range []string{"amazon-ebs", "googlecompute", "qemu"} {
		for _, file := range []string{"variables", "source", "build"} {
			for _, dir := range []string{"", "shell/"} {
				path := dir + builder + "/" + file + ".pkr.hcl"
				content, ok := folder[path]
				if !ok {
					t.Errorf("no %s", path)
				}
				if ours := strings.Contains(content, "etcdbake/etcd\""); ours != (dir == "" && file == "build") {
					t.Errorf("%s: it needs our plugin is %v", path, ours)
				}
			}
		}
	}
}

func TestTemplatesHoldNoSecretAndNothingOfAHost(t *testing.T) {
	for path, content := range encode(t, members) {
		for _, own := range []string{"-----BEGIN", "10.0.0.", "k8s-etcd"} {
			// The seal looks for keys, so it names their first line.
			if strings.Contains(content, own) && !strings.HasSuffix(path, "/image-seal.sh") {
				t.Errorf("%s holds %s", path, own)
			}
		}
	}
}

func TestTheSameImageGivesTheSameFilesInTheSameOrder(t *testing.T) {
	first, err := Encode(hostileImage())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 { // builders and digests come out of maps
		again, err := Encode(hostileImage())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.EqualFunc(first, again, func(a, b File) bool { return a.Path == b.Path && bytes.Equal(a.Content, b.Content) }) {
			t.Fatal("it differs")
		}
	}
}

// Package packer encodes an image's layout as template folders for HashiCorp Packer: one for each builder with our plugin's
// provisioner, and one without any plugin of ours.
package packer

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"

	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/templates"
)

// Image is what the templates bake.
type Image struct {
	Layouts []plan.Layout // of every architecture, at least one; they differ in Release.Arch and Release.SHA256 alone
	// Settings are etcd's by flag name, for the plugin; Layouts have them already.
	Settings map[string]string
}

// File is a file of the folder.
type File struct {
	Path    string // relative, with slashes
	Content []byte
}

// tries is how often an install without the plugin tries all mirrors before it fails the build.
const tries = 3

// builders are the template of each builder's source, and the source's name.
func builders() map[string]string {
	return map[string]string{
		"amazon-ebs":    "source.amazon-ebs.etcd",
		"googlecompute": "source.googlecompute.etcd",
		"qemu":          "source.qemu.etcd",
	}
}

// Encode returns the folders: BUILDER/ with the plugin, shell/BUILDER/ without it, and shell/files/ with what those upload.
// The error says what a template cannot hold.
func Encode(image Image) ([]File, error) {
	for flag, value := range image.Settings {
		if err := refuse("setting "+flag, value); err != nil {
			return nil, err
		}
	}
	for _, mirror := range image.Layouts[0].Release.Mirrors {
		if err := refuse("mirror", mirror); err != nil {
			return nil, err
		}
	}
	files, err := uploads(image.Layouts)
	if err != nil {
		return nil, err
	}
	for builder, source := range builders() {
		for _, f := range []struct{ path, template string }{
			{builder + "/variables.pkr.hcl", "variables.pkr.hcl"},
			{builder + "/source.pkr.hcl", builder + ".pkr.hcl"},
			{builder + "/build.pkr.hcl", "build.pkr.hcl"},
			{"shell/" + builder + "/variables.pkr.hcl", "shell-variables.pkr.hcl"},
			{"shell/" + builder + "/source.pkr.hcl", builder + ".pkr.hcl"},
			{"shell/" + builder + "/build.pkr.hcl", "shell-build.pkr.hcl"},
		} {
			content, err := render(f.template, image, source)
			if err != nil {
				return nil, err
			}
			files = append(files, File{f.path, content})
		}
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files, nil
}

// uploads are the files that the templates without our plugin put on the guest.
func uploads(layouts []plan.Layout) ([]File, error) {
	const folder = "shell/files"
	var files []File
	for _, f := range layouts[0].Files {
		files = append(files, File{path.Join(folder, "image", f.Path), f.Content})
	}
	for _, l := range layouts {
		env, err := l.Env(tries)
		if err != nil {
			return nil, err
		}
		files = append(files, File{path.Join(folder, "install-"+l.Release.Arch+".env"), env})
	}
	for _, script := range []string{templates.ImageWait, templates.ImageClean, templates.ImageSeal} {
		content, err := templates.Render(script, nil)
		if err != nil {
			return nil, err
		}
		files = append(files, File{path.Join(folder, script), content})
	}
	return files, nil
}

// render returns a template with the image's values as HCL expressions, formatted as `packer fmt` does.
func render(name string, image Image, source string) ([]byte, error) {
	first := image.Layouts[0].Release
	digests := map[string]cty.Value{}
	var arches []string
	for _, l := range image.Layouts {
		digests[l.Release.Arch] = cty.StringVal(l.Release.SHA256)
		arches = append(arches, l.Release.Arch)
	}
	var mirrors []cty.Value
	for _, m := range first.Mirrors {
		mirrors = append(mirrors, cty.StringVal(m))
	}
	settings := map[string]cty.Value{}
	for flag, value := range image.Settings {
		settings[flag] = cty.StringVal(value)
	}
	content, err := templates.Render("packer/"+name, map[string]string{
		"BinDir":    expression(cty.StringVal(image.Layouts[0].BinDir)),
		"Arch":      expression(cty.StringVal(first.Arch)),
		"ArchWords": strings.Join(arches, " or "),
		"Version":   expression(cty.StringVal(first.Version)),
		"SHA256":    expression(cty.ObjectVal(digests)),
		"Mirrors":   expression(cty.TupleVal(mirrors)),
		"Settings":  expression(cty.ObjectVal(settings)),
		"Source":    expression(cty.StringVal(source)),
		"Install":   expression(cty.StringVal(shellescape.QuoteCommand(image.Layouts[0].Install))),
	})
	if err != nil {
		return nil, fmt.Errorf("packer template: %w", err)
	}
	return hclwrite.Format(content), nil
}

// refuse returns an error for text that cannot be a plugin's argument: once HCL is done with it the plugin expands {{ }}, and
// goes on until none is left (Render in the SDK's template/interpolate), so nothing can keep it from that.
func refuse(what, text string) error {
	if strings.Contains(text, "{{") {
		return fmt.Errorf("%s: a Packer template cannot hold {{, which Packer expands: %s", what, text)
	}
	return nil
}

// expression is a value in HCL's own syntax, in which nothing in it is taken for a part of the template.
func expression(value cty.Value) string {
	return string(hclwrite.TokensForValue(value).Bytes())
}

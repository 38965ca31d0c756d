package generator

import (
	"fmt"
	"io/fs"
	"time"

	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/format/packer"
	"github.com/etcdbake/etcdbake/generator/format/rootfs"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
)

// artefact is a file before it is written.
type artefact struct {
	path    string // below out, with slashes
	content []byte
	mode    fs.FileMode // 0600 for what holds a key; its folder is 0700 then
	// member is whose it is; the rest is for members only.
	member   string
	limit    int
	notAfter time.Time
}

// hostArtefacts returns what every host is given. What hosts of a golden image find on it comes along in image/, for whoever
// bakes or rehearses.
func hostArtefacts(c *spec.Cluster, hosts []plan.Host, format hostFormat) ([]artefact, error) {
	limit := cloud.Limit(c.Target.Cloud)
	var all []artefact
	for _, host := range hosts {
		content, err := fit(host, format, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, artefact{
			path: format.file(host.Name), content: content, mode: 0o600, member: host.Name, limit: limit,
		})
		if len(format.parts) == 0 {
			continue
		}
		parts, err := format.encodeParts(host)
		if err != nil {
			return nil, err
		}
		for i, part := range parts {
			all = append(all, artefact{path: format.part(host.Name, format.parts[i]), content: part, mode: 0o600})
		}
	}
	if c.Target.Image != spec.GoldenImage {
		return all, nil
	}
	image, err := plan.ImageFor(c, c.Arches()[0]) // the files are the same for every architecture
	for _, f := range image.Files {
		all = append(all, artefact{path: "image" + f.Path, content: f.Content, mode: f.Mode})
	}
	return all, err
}

// fit returns the host's artefact in the most readable form that is within the limit.
func fit(host plan.Host, format hostFormat, limit int) ([]byte, error) {
	var size int
	for _, encode := range format.forms {
		content, err := encode(host)
		if err != nil {
			return nil, err
		}
		if size = len(content); limit == 0 || size <= limit {
			return content, nil
		}
	}
	return nil, fmt.Errorf("the user-data of %s has %d bytes even with its files compressed, but this cloud takes %d: "+
		"use ECDSA keys (pki.key) instead of RSA, which makes certificates and keys several times smaller",
		host.Name, size, limit)
}

// tars returns every host's files as a tar, and those of an image: one for each architecture, since programs, by
// architecture, are in it.
func tars(c *spec.Cluster, hosts []plan.Host, programs map[string][]plan.File) ([]artefact, error) {
	var all []artefact
	for _, host := range hosts {
		content, err := rootfs.Host(host)
		if err != nil {
			return nil, err
		}
		all = append(all, artefact{path: tarFile(host.Name), content: content, mode: 0o600, member: host.Name})
	}
	arches := c.Arches()
	for _, arch := range arches {
		image, err := plan.ImageFor(c, arch)
		if err != nil {
			return nil, err
		}
		content, err := rootfs.Image(append(image.Files, programs[arch]...))
		if err != nil {
			return nil, err
		}
		name := "image"
		if len(arches) > 1 {
			name += "-" + arch
		}
		all = append(all, artefact{path: tarFile(name), content: content, mode: 0o644})
	}
	return all, nil
}

func packerTemplates(c *spec.Cluster) ([]artefact, error) {
	var layouts []plan.Layout
	for _, arch := range c.Arches() {
		image, err := plan.ImageFor(c, arch)
		if err != nil {
			return nil, err
		}
		layouts = append(layouts, image)
	}
	files, err := packer.Encode(packer.Image{Layouts: layouts, Settings: c.Tuning.Settings})
	if err != nil {
		return nil, &InputError{err}
	}
	var all []artefact
	for _, f := range files {
		all = append(all, artefact{path: "packer/" + f.Path, content: f.Content, mode: 0o644})
	}
	return all, nil
}

package generator

import (
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
	encoding cloud.Encoding
	limit    int
	notAfter time.Time
}

// hostArtefacts returns what every host is given. What hosts of a golden image find on it comes along in image/, for whoever
// bakes or rehearses.
func hostArtefacts(c *spec.Cluster, hosts []plan.Host, format hostFormat) ([]artefact, error) {
	channel := cloud.ChannelOf(c.Target)
	var all []artefact
	for _, host := range hosts {
		best, ok, err := fit(host, format, channel)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, tooLarge(c, host, best, channel)
		}
		all = append(all, artefact{
			path: format.file(host.Name, best.encoding), content: best.content, mode: 0o600,
			member: host.Name, encoding: best.encoding, limit: channel.Limit,
		})
		parts, err := format.memberParts(host)
		if err != nil {
			return nil, err
		}
		all = append(all, parts...)
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

package packer

import (
	"context"
	"fmt"

	"github.com/hashicorp/hcl/v2/hcldec"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// Provisioner is `provisioner "etcd" {}`.
type Provisioner struct {
	config Config
}

// ConfigSpec says which arguments there are; packer-sdc has made it from Config.
func (p *Provisioner) ConfigSpec() hcldec.ObjectSpec { return p.config.FlatMapstructure().HCL2Spec() }

// Prepare takes the block's arguments and reports all that is wrong with them at once.
func (p *Provisioner) Prepare(raws ...any) error { return p.config.prepare(raws...) }

// Provision makes an image of the guest. All that it uploads is in one private folder, which is gone afterwards, whether it
// worked or not; a cancelled context ends what runs on the guest.
func (p *Provisioner) Provision(
	ctx context.Context, ui packersdk.Ui, comm packersdk.Communicator, generated map[string]any,
) (err error) {
	g, err := probe(ctx, ui, comm, &p.config, generated)
	if err != nil {
		return err
	}
	layout, warnings, err := p.config.layout(g.arch)
	if err != nil {
		return err
	}
	for _, w := range warnings {
		ui.Say("warning: " + w)
	}
	tarball, err := p.config.tarball(ctx, ui, layout.Release)
	if err != nil {
		return err
	}
	if err := g.open(ctx); err != nil {
		return err
	}
	defer func() { err = g.close(ctx, err) }()
	return p.config.bake(ctx, g, layout, tarball)
}

// bake makes the guest an image. tarball is the path of a release to upload, "" where the guest downloads it.
func (c *Config) bake(ctx context.Context, g *guest, layout plan.Layout, tarball string) error {
	if err := g.upload(ctx, layout, tarball); err != nil {
		return err
	}
	if err := g.run(ctx, waitName, g.indent); err != nil {
		return fmt.Errorf("waiting for cloud-init on the guest: %w%s", err, g.sudoHint())
	}
	g.ui.Sayf("Installing etcd %s for %s", layout.Release.Version, layout.Release.Arch)
	if err := g.run(ctx, installName, g.indent); err != nil {
		return fmt.Errorf("installing etcd on the guest, as shown above: %w", err)
	}
	if err := g.seal(ctx, unusedName); err != nil {
		return err
	}
	if c.Clean.True() {
		g.ui.Say("Removing what an image must not hold")
		if err := g.run(ctx, cleanName, g.indent); err != nil {
			return fmt.Errorf("cleaning the guest, as shown above: %w", err)
		}
	}
	g.ui.Say("Looking for secrets, and for traces of one host")
	return g.seal(ctx, sealName)
}

package bake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/spec"
)

type generateOptions struct {
	generator.Options
	files  []string // specs as they were named: files, folders, patterns
	output string
}

const generateLong = `generate reads cluster.yaml and writes, by target.format in it or --format:

  cloud-config  out/user-data/<member>.yaml for every member, and out/expect.json
  script        the same as out/script/<member>.sh, for hosts without cloud-init: ssh HOST sudo sh < FILE
  ignition      the same as out/ignition/<member>.ign, for Flatcar and Fedora CoreOS
  nocloud       the same as out/nocloud/<member>.iso, a CD-ROM for machines without a cloud, and as files
  rootfs        out/rootfs/<member>.tar for every member, out/rootfs/image.tar, and out/expect.json
  packer        out/packer/, templates for Packer that bake a golden image; they need no pki/ and hold no secret

pki/ is state: the CA keys and every identity. What is there is never made again, but for a member whose addresses
changed or a leaf that --renew names; keep it safe. out/ is made from cluster.yaml and pki/ alone and is the same, to
the byte, as long as neither changes. User-data and members' tars hold private keys.

With --image golden, user-data and tars hold a member's identity alone: etcd and its units are on the image. What that
image must hold besides etcd is written to out/image.

A fleet is many clusters at once: -f with a folder, with a quoted pattern, or with several files. Each cluster has
pki/<name>/ and out/<name>/, by the name in its spec. One that fails stops no other; the exit code is 0 if none failed,
2 if the specs that failed are to be corrected, and 1 if anything else went wrong.`

func generateCommand() *cobra.Command {
	options := generateOptions{Options: generator.Options{Clock: time.Now}}
	command := &cobra.Command{
		Use:   "generate",
		Short: "Write every member's user-data and the expectation that etcd-verify checks",
		Long:  generateLong,
		Example: `  etcdbake generate
  etcdbake generate -f prod.yaml --pki prod-pki --out prod-out
  etcdbake generate --renew members/master1
  etcdbake generate --format packer
  etcdbake generate --image golden
  etcdbake generate -f clusters                     # a fleet: clusters/*.yaml, side by side
  etcdbake generate -f 'clusters/*/etcd.yaml'
  etcdbake generate -f clusters/prod.yaml --pki pki/prod --out out/prod    # one cluster of it`,
		Args: moreFiles,
		RunE: func(c *cobra.Command, args []string) error {
			options.files = append(options.files, args...)
			streams := cli.Streams{In: c.InOrStdin(), Out: c.OutOrStdout(), Err: c.ErrOrStderr()}
			return runGenerate(c.Context(), options, streams)
		},
	}
	flags := command.Flags()
	flags.StringArrayVarP(&options.files, "file", "f", []string{defaultSpec},
		"the spec; a folder, a quoted pattern or several files for a fleet")
	flags.StringVar(&options.PKI, "pki", "pki", "folder of the CAs and identities, made where it does not exist")
	flags.StringVar(&options.Out, "out", "out", "folder to write to")
	flags.StringVar((*string)(&options.Format), "format", "",
		"what to write, in place of the spec's target.format: "+oneOf(generator.Formats()))
	flags.StringVar(&options.Image, "image", "",
		"the hosts' image, "+oneOf(images())+" (default: target.image of the spec)")
	flags.StringSliceVar(&options.Releases, "etcd-release", nil,
		"with --format rootfs, put the programs of this etcd-vX.Y.Z-linux-ARCH.tar.gz into image.tar")
	flags.StringSliceVar(&options.Renew, "renew", nil,
		"issue these certificates anew: members/<name>, clients/<name> or all")
	flags.StringVarP(&options.output, "output", "o", "table", "what to print: "+oneOf(outputs()))
	cli.CompleteValues(command, "format", generator.Formats()...)
	cli.CompleteValues(command, "image", images()...)
	cli.CompleteValues(command, "output", outputs()...)
	return command
}

const defaultSpec = "cluster.yaml"

func images() []string { return []string{spec.StockImage, spec.GoldenImage} }

func outputs() []string { return []string{"table", "json"} }

// oneOf is the values as words: "a, b or c".
func oneOf(values []string) string {
	last := len(values) - 1
	return strings.Join(values[:last], ", ") + " or " + values[last]
}

// check refuses flags that no run can take.
func (o generateOptions) check() error {
	for _, f := range []struct {
		flag, value string
		values      []string
	}{
		{"format", cmp.Or(string(o.Format), generator.Formats()[0]), generator.Formats()},
		{"image", cmp.Or(o.Image, spec.StockImage), images()},
		{"output", o.output, outputs()},
	} {
		if !slices.Contains(f.values, f.value) {
			return fmt.Errorf("--%s %q: want %s", f.flag, f.value, oneOf(f.values))
		}
	}
	switch {
	case len(o.Releases) > 0 && o.Format != generator.RootFS:
		return errors.New("--etcd-release is for --format rootfs: elsewhere the image or the host downloads etcd")
	case len(o.Renew) > 0 && o.Format == generator.Packer:
		return errors.New("--renew is not for --format packer, which uses no certificate")
	}
	return nil
}

// moreFiles takes what a shell has made of an unquoted pattern after -f.
func moreFiles(c *cobra.Command, args []string) error {
	if c.Flags().Changed("file") {
		return nil
	}
	return cli.NoArgs(c, args)
}

func runGenerate(ctx context.Context, o generateOptions, s cli.Streams) error {
	if err := o.check(); err != nil {
		return cli.UsageError(err)
	}
	if o.isFleet() {
		return runFleet(ctx, o, s)
	}
	o.Spec = o.files[0]
	summary, err := generator.Generate(ctx, o.Options)
	if err != nil {
		return generateError(err)
	}
	if o.output == "json" {
		return writeJSON(s.Out, o, summary)
	}
	return writeTable(s, o, summary)
}

// generateError gives bad input exit 2.
func generateError(err error) error {
	if isBadInput(err) {
		return cli.UsageError(err)
	}
	return err
}

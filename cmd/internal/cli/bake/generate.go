package bake

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/pki"
)

type generateOptions struct {
	generator.Options
	output string
}

func generateCommand() *cobra.Command {
	options := generateOptions{Options: generator.Options{Clock: time.Now}}
	command := &cobra.Command{
		Use:   "generate",
		Short: "Write every member's user-data and the expectation that etcd-verify checks",
		Long: `generate reads cluster.yaml and writes out/user-data/<member>.yaml for every member, and out/expect.json.

pki/ is state: the CA keys and every identity. What is there is never made again, but for a member whose addresses
changed or a leaf that --renew names; keep it safe. out/ is made from cluster.yaml and pki/ alone and is the same, to
the byte, as long as neither changes. The user-data holds private keys.`,
		Example: `  etcdbake generate
  etcdbake generate -f prod.yaml --pki prod-pki --out prod-out
  etcdbake generate --renew members/master1`,
		Args: cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			streams := cli.Streams{In: c.InOrStdin(), Out: c.OutOrStdout(), Err: c.ErrOrStderr()}
			return runGenerate(c.Context(), options, streams)
		},
	}
	flags := command.Flags()
	flags.StringVarP(&options.Spec, "file", "f", "cluster.yaml", "the spec")
	flags.StringVar(&options.PKI, "pki", "pki", "folder of the CAs and identities, made where it does not exist")
	flags.StringVar(&options.Out, "out", "out", "folder to write to")
	flags.StringSliceVar(&options.Renew, "renew", nil,
		"issue these certificates anew: members/<name>, clients/<name> or all")
	flags.StringVarP(&options.output, "output", "o", "table", "what to print: table or json")
	cli.CompleteValues(command, "output", "table", "json")
	return command
}

func runGenerate(ctx context.Context, o generateOptions, s cli.Streams) error {
	if o.output != "table" && o.output != "json" {
		return cli.UsageError(fmt.Errorf("--output %q: want table or json", o.output))
	}
	summary, err := generator.Generate(ctx, o.Options)
	if err != nil {
		return generateError(err)
	}
	if o.output == "json" {
		return writeJSON(s.Out, summary)
	}
	return writeTable(s, o, summary)
}

// generateError tells bad input, exit 2, from what went wrong on the way.
func generateError(err error) error {
	var specError *generator.SpecError
	if errors.As(err, &specError) || errors.Is(err, pki.ErrInvalid) {
		return cli.UsageError(err)
	}
	return err
}

package bake

import (
	"github.com/spf13/cobra"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/generator/spec"
)

func initCommand() *cobra.Command {
	var (
		cloud   string
		members int
	)
	command := &cobra.Command{
		Use:   "init",
		Short: "Print a commented starter spec",
		Example: `  etcdbake init > cluster.yaml
  etcdbake init --cloud aws --members 5 > cluster.yaml`,
		Args: cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			starter, err := spec.Starter(cloud, members)
			if err != nil {
				return cli.UsageError(err)
			}
			_, err = c.OutOrStdout().Write(starter)
			return err
		},
	}
	command.Flags().StringVar(&cloud, "cloud", "generic", "where the hosts will run: "+oneOf(spec.Clouds()))
	command.Flags().IntVar(&members, "members", 3, "how many members")
	return command
}

func schemaCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of cluster.yaml",
		Example: `  etcdbake schema > cluster.schema.json
  # and for editors with a YAML language server, as the first line of cluster.yaml:
  # yaml-language-server: $schema=cluster.schema.json`,
		Args: cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := c.OutOrStdout().Write(spec.Schema())
			return err
		},
	}
}

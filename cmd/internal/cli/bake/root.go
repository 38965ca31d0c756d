// Package bake holds the commands of etcdbake. Each is a thin cobra command over a function that takes options and streams.
package bake

import (
	"github.com/spf13/cobra"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
)

// Command returns the command tree of etcdbake.
func Command() *cobra.Command {
	root := &cobra.Command{
		Use:   "etcdbake",
		Short: "Bake hosts that boot as a TLS-secured etcd cluster",
		Long: `etcdbake turns one small cluster.yaml into cloud-init user-data: hosts that are given it come up, at first
boot, as a TLS-secured etcd cluster. etcd-verify then proves that they did.`,
		Example: `  etcdbake init > cluster.yaml     # a starter spec, to be edited
  etcdbake generate                # pki/ and out/user-data/<member>.yaml
  etcdbake rehearse                # boot these on this machine and verify them`,
		Version: cli.Version,
		Args:    cli.KnownCommand,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.AddCommand(initCommand(), generateCommand(), inspectCommand(), rehearseCommand(), schemaCommand(), cli.VersionCommand())
	return root
}

// Package rehearse is the command line of a rehearsal: flags in, a run function called. It is light, so that etcdbake can
// have the command without etcd in it; package run does the work.
package rehearse

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
)

// Options are the flags.
type Options struct {
	Out, PKI string
	Etcd     string // path of an executable; empty for the embedded etcd
	Keep     bool
	Timeout  time.Duration
	Output   string // "table" or "json"
}

const long = `Boot the user-data in out/ on this machine, before any cloud money is spent, and verify the cluster.

Every member's user-data is decoded as cloud-init would, and its etcd started as its unit says, with the configuration,
certificates and address that the host will have. All of it runs in namespaces of its own, in memory: nothing leaves this
machine, nothing is written to a disk, and nothing is left behind. It needs Linux, but no root where user namespaces are
allowed. Then the checks of etcd-verify look at the cluster.

Exit codes: 0 the cluster came up and all checks pass, 1 it did not, 2 wrong usage or unreadable artefacts, 3 it could
not be told, for example because this machine allows no namespaces.`

// Command returns the command "NAME"; it calls run with the flags, which are valid by themselves.
func Command(name string, run func(context.Context, Options, cli.Streams) error) *cobra.Command {
	var o Options
	command := &cobra.Command{
		Use:   name,
		Short: "Boot the user-data on this machine and verify the cluster",
		Long:  long,
		Example: `  etcdbake rehearse
  etcdbake rehearse --etcd ./etcd-v3.7.1-linux-amd64/etcd
  etcdbake rehearse --keep     # until Ctrl-C; prints how to use etcdctl with it`,
		Args: cli.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return cli.UsageError(err)
			}
			return run(c.Context(), o, cli.Streams{In: c.InOrStdin(), Out: c.OutOrStdout(), Err: c.ErrOrStderr()})
		},
	}
	flags := command.Flags()
	flags.SortFlags = false
	flags.StringVar(&o.Out, "out", "out", "`folder` with the artefacts that etcdbake generate wrote")
	flags.StringVar(&o.PKI, "pki", "pki", "`folder` with ca.pem and the client certificate clients/verify.pem; no CA key is read")
	flags.StringVar(&o.Etcd, "etcd", "", "`path` of the etcd to run (default: the one that is built in)")
	flags.BoolVar(&o.Keep, "keep", false, "keep the cluster up until Ctrl-C, and print how to use etcdctl with it")
	flags.DurationVar(&o.Timeout, "timeout", 30*time.Second, "`duration` that members may take to be ready")
	flags.StringVarP(&o.Output, "output", "o", "table", "`format` of the report: table or json")
	cli.CompleteValues(command, "output", formats()...)
	return command
}

func formats() []string { return []string{"table", "json"} }

func (o Options) check() error {
	switch {
	case !slices.Contains(formats(), o.Output):
		return fmt.Errorf("--output %q is not one of %s", o.Output, strings.Join(formats(), ", "))
	case o.Timeout <= 0:
		return fmt.Errorf("--timeout %s is not positive", o.Timeout)
	}
	return nil
}

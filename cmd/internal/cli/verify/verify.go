// Package verifycmd is the command line of etcd-verify: flags and ETCDCTL_* variables in, one report and an exit code out.
package verifycmd

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/expect"
)

const long = `Look at a running etcd cluster from outside and say whether it is the cluster that it should be.

Every member is checked side by side: that it answers, shows the right certificate, is closed to strangers, belongs to
one and the same cluster with a quorum, is healthy, and gives back what is written. With --expect out/expect.json, which
"etcdbake generate" writes, the cluster is compared with what was generated; without it, with itself.

Only one thing is ever written: a few keys under /etcdbake/verify/, removed at once and bound to a lease in any case.

With --expect and none of --cacert, --cert and --key, the client certificate "verify" of the folder pki/ beside the
folder of expect.json is used, where there is one: for out/expect.json, pki/ca.pem and pki/clients/verify{,-key}.pem.

Exit codes: 0 all checks pass, 1 a check failed, 2 wrong usage or unreadable input, 3 it could not be told. With
"--output nagios" they are those of a monitoring plugin: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.`

const examples = `  # the cluster that etcdbake generated, right after its hosts were created
  etcd-verify --expect out/expect.json --wait 10m

  # any cluster, with the credentials that etcdctl uses
  etcd-verify --endpoints https://10.140.0.2:2379 --cluster --cacert ca.pem --cert client.pem --key client-key.pem

  # on a member, where ETCDCTL_ENDPOINTS, ETCDCTL_CACERT, ETCDCTL_CERT and ETCDCTL_KEY are set
  etcd-verify --cluster

  # in a pipeline
  etcd-verify --expect out/expect.json --strict --output table --output junit=report.xml --output html=report.html`

// command is the flags and what they are completed with.
type command struct {
	streams cli.Streams
	getenv  func(string) string
	options verify.Options

	expect            string
	cacert, cert, key string
	user              string
	output            []string
	outputs           outputs
	host              bool
	member            string
	watch             time.Duration
}

// New returns the command.
func New(s cli.Streams) *cobra.Command { return newCommand(s, os.Getenv) }

func newCommand(s cli.Streams, getenv func(string) string) *cobra.Command {
	c := &command{streams: s, getenv: getenv}
	root := &cobra.Command{
		Use:     "etcd-verify",
		Short:   "Say whether a running etcd cluster is the one that it should be",
		Long:    long,
		Example: examples,
		Version: cli.Version,
		Args:    cli.NoArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	f := root.Flags()
	f.SortFlags = false
	f.StringVar(&c.expect, "expect", "", "`file` that says what the cluster should be: out/expect.json of etcdbake")
	f.StringSliceVar(&c.options.Endpoints, "endpoints", nil,
		"client `URLs` to verify, separated by commas (default: every member of --expect, else $ETCDCTL_ENDPOINTS)")
	f.BoolVar(&c.options.Discover, "cluster", false, "verify all members that the endpoints know of")
	f.StringVar(&c.cacert, "cacert", "", "`file` with the CA that servers are checked against (or $ETCDCTL_CACERT)")
	f.StringVar(&c.cert, "cert", "", "`file` with the client certificate (or $ETCDCTL_CERT)")
	f.StringVar(&c.key, "key", "", "`file` with the client certificate's key (or $ETCDCTL_KEY)")
	f.StringVar(&c.user, "user", "", "`name[:password]` where authentication is on (or $ETCDCTL_USER, $ETCDCTL_PASSWORD)")
	c.addOutputFlag(root)
	f.DurationVar(&c.options.Wait, "wait", 0, "`duration` to wait for what may heal by itself, such as a host that still boots")
	f.DurationVar(&c.options.Timeout, "timeout", verify.DefaultTimeout,
		"deadline of one round of checks; one step takes a quarter of it at most")
	f.BoolVar(&c.options.Strict, "strict", false, "let warnings fail too")
	c.addCheckFlags(f)
	c.addLimitFlags(f)
	for _, flag := range []string{"only", "skip"} {
		cli.CompleteValues(root, flag, checkNames()...)
	}
	root.AddCommand(checksCommand(), cli.VersionCommand())
	return root
}

func (c *command) run(ctx context.Context) error {
	var err error
	if c.outputs, err = parseOutputs(c.output, c.streams.Out, c.getenv(stepSummary)); err != nil {
		return cli.UsageError(err)
	}
	return c.outputs.asPlugin(c.verify(ctx))
}

func (c *command) verify(ctx context.Context) error {
	if err := c.complete(); err != nil {
		return cli.UsageError(err)
	}
	if c.watch > 0 {
		c.outputs.summary = "" // it would grow with each round
		return c.watching(ctx)
	}
	report, err := verify.Run(ctx, c.options)
	switch {
	case ctx.Err() != nil:
		return stopped(ctx)
	case err != nil:
		return cli.UsageError(err)
	}
	if err := c.outputs.write(c.streams.Out, report); err != nil {
		return unwritten(err)
	}
	return c.exit(report)
}

// exit is the report's exit code as an error; the report has said it all.
func (c *command) exit(r *verify.Report) error {
	if code := c.outputs.exitCode(r); code != cli.ExitOK {
		return &cli.ExitError{Code: code}
	}
	return nil
}

func stopped(ctx context.Context) error {
	err := fmt.Errorf("stopped before the end (%w): nothing can be told", context.Cause(ctx))
	return &cli.ExitError{Code: cli.ExitUndetermined, Err: err}
}

func unwritten(err error) error {
	return &cli.ExitError{Code: cli.ExitUndetermined, Err: fmt.Errorf("writing the report: %w", err)}
}

// complete fills in the options from files and the environment.
func (c *command) complete() error {
	if c.options.Timeout <= 0 {
		return fmt.Errorf("--timeout %s is not positive", c.options.Timeout)
	}
	if c.options.Wait < 0 {
		return fmt.Errorf("--wait %s is negative", c.options.Wait)
	}
	if c.expect != "" {
		e, err := expect.Load(c.expect)
		if err != nil {
			return err
		}
		c.options.Expect = e
	}
	// On a member ETCDCTL_ENDPOINTS names that member alone, and would hide the others that --expect names.
	if env := c.getenv("ETCDCTL_ENDPOINTS"); env != "" && len(c.options.Endpoints) == 0 && c.options.Expect == nil {
		c.options.Endpoints = strings.Split(env, ",")
	}
	if c.options.Expect == nil && len(c.options.Endpoints) == 0 {
		return fmt.Errorf("nothing to verify: give --expect out/expect.json, or --endpoints\nsee etcd-verify --help")
	}
	if err := c.login(); err != nil {
		return err
	}
	if err := c.completeChecks(); err != nil {
		return err
	}
	c.options.Progress = func(line string) { fmt.Fprintln(c.streams.Err, line) }
	var err error
	c.options.Credentials, err = c.credentials()
	return err
}

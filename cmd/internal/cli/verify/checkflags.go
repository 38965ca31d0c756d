package verifycmd

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/checks"
)

// addCheckFlags adds what decides which checks run and where they look.
func (c *command) addCheckFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&c.options.Only, "only", nil, "run these `checks` alone, separated by commas (see etcd-verify checks)")
	f.StringSliceVar(&c.options.Skip, "skip", nil, "do not run these `checks`")
	f.BoolVar(&c.options.ReadOnly, "read-only", false, "write nothing at all: leave out the canary")
	f.BoolVar(&c.host, "host", false,
		"also check this machine, a member's: files, units, clock (needs --expect, and root for keys)")
	f.StringVar(&c.member, "member", "", "`name` of the member that this machine is (default: the one whose address it has)")
	f.DurationVar(&c.watch, "watch", 0, "check again this long after each report, until interrupted; JSON then has a report per line")
}

// addLimitFlags adds the thresholds. Their defaults are upstream's advice where it gives any.
func (c *command) addLimitFlags(f *pflag.FlagSet) {
	l, d := &c.options.Limits, checks.DefaultLimits()
	f.DurationVar(&l.Fsync, "max-fsync", d.Fsync, "warn where 99 % of log fsyncs take longer (etcd FAQ)")
	f.DurationVar(&l.Commit, "max-commit", d.Commit, "warn where 99 % of database commits take longer (etcd FAQ)")
	f.DurationVar(&l.PeerRTT, "max-peer-rtt", d.PeerRTT, "warn where 99 % of round trips to a peer take longer (etcd tuning guide)")
	f.Uint64Var(&l.MinSamples, "min-samples", d.MinSamples, "skip latencies with fewer `measurements`")
	f.Float64Var(&l.QuotaWarn, "quota-warn", d.QuotaWarn, "warn where the database fills this `share` of its quota")
	f.Float64Var(&l.QuotaFail, "quota-fail", d.QuotaFail, "fail where the database fills this `share` of its quota (etcd mixin)")
	f.Float64Var(&l.InUse, "min-in-use", d.InUse,
		"warn where less than this `share` of a database above 100 MiB is in use (etcd mixin)")
	f.Uint64Var(&l.LeaderChanges, "max-leader-changes", d.LeaderChanges,
		"warn of more changes of the leader in 15 minutes (etcd mixin)")
	f.Uint64Var(&l.Lag, "max-lag", d.Lag, "warn where a member is this many `entries` behind (etcd refuses writes at 5000)")
	f.DurationVar(&l.Skew, "max-skew", d.Skew, "warn where a member's clock is further from the clock here")
	f.DurationVar(&l.Renew, "renew-before", d.Renew, "warn of certificates that end sooner, or after two thirds of a short life")
	l.InUseFrom = d.InUseFrom
}

// completeChecks checks these flags and hands them on.
func (c *command) completeChecks() error {
	switch {
	case c.watch < 0:
		return fmt.Errorf("--watch %s is negative", c.watch)
	case c.watch > 0 && c.options.Wait > 0:
		return errors.New("--wait and --watch exclude each other: --watch repeats in any case")
	case c.member != "" && !c.host:
		return errors.New("--member says which member --host is on: give --host too")
	case c.host && c.options.Expect == nil:
		return errors.New("--host compares this machine with an expectation: give --expect out/expect.json")
	}
	if c.host {
		c.options.Host = &verify.Host{Member: c.member}
	}
	return nil
}

// checksCommand lists the checks.
func checksCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "checks",
		Short: "List every check, what it proves and what it needs",
		Args:  cli.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			for _, about := range verify.Checks() {
				_, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n  proves: %s\n  needs:  %s\n", about.Name, about.Proves, about.Needs)
				if err != nil {
					return err
				}
			}
			return nil
		},
	}
}

func checkNames() []string {
	var names []string
	for _, about := range verify.Checks() {
		names = append(names, about.Name)
	}
	return names
}

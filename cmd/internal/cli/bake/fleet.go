package bake

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/fleet"
	"github.com/etcdbake/etcdbake/generator/pki"
)

// A fleet makes much garbage and keeps little, so collecting it can wait: until there is garbage times as much of it as of what
// is in use, in percent, or memory gets near to the limit. Go's own 100 % costs a fleet a third of its time.
const (
	garbage     = 1000
	memoryLimit = 100 << 20 // bytes, and soft: who needs more gets it
)

func tuneMemory() {
	if os.Getenv("GOGC") == "" && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetGCPercent(garbage)
		debug.SetMemoryLimit(memoryLimit)
	}
}

// isFleet tells whether the specs are many, however many there are now: where a cluster's files are must not depend on
// whether its neighbours are there.
func (o generateOptions) isFleet() bool { return len(o.files) > 1 || fleet.IsMany(o.files[0]) }

func runFleet(ctx context.Context, o generateOptions, s cli.Streams) error {
	if len(o.Releases) > 0 {
		return cli.UsageError(errors.New("--etcd-release is for one cluster, not for a fleet: each image.tar would hold the same " +
			"programs; write the image of one"))
	}
	specs, err := fleet.Find(o.files...)
	if err != nil {
		return cli.UsageError(err)
	}
	tuneMemory()
	progress := newProgress(s.Err, len(specs))
	results, err := fleet.Run(ctx, fleet.Options{Options: o.Options, Specs: specs, Progress: progress.done})
	progress.stop()
	if err != nil {
		return generateError(err)
	}
	if o.output == "json" {
		err = writeFleetJSON(s.Out, results)
	} else {
		err = writeFleetTable(s, o, results)
	}
	return errors.Join(err, fleetError(results))
}

// fleetError is nil where every cluster is as its spec says. Its exit code is that of bad input where nothing else went wrong:
// to run again is no use then before a spec is corrected.
func fleetError(results []fleet.Result) error {
	count := countStates(results)
	failed, skipped := count[fleet.Failed], count[fleet.Skipped]
	if failed+skipped == 0 {
		return nil
	}
	code := cli.ExitUsage
	for _, r := range results {
		if r.State == fleet.Skipped || r.State == fleet.Failed && !isBadInput(r.Err) {
			code = cli.ExitFailed
		}
	}
	if skipped == 0 {
		return &cli.ExitError{Code: code, Err: fmt.Errorf("%d of %d clusters failed", failed, len(results))}
	}
	text := fmt.Sprintf("interrupted: %d of %d clusters were not begun: run again for these", skipped, len(results))
	if failed > 0 {
		text += fmt.Sprintf("; %d failed", failed)
	}
	return &cli.ExitError{Code: code, Err: errors.New(text)}
}

func countStates(results []fleet.Result) map[fleet.State]int {
	count := map[fleet.State]int{}
	for _, r := range results {
		count[r.State]++
	}
	return count
}

// isBadInput tells bad input from what went wrong on the way.
func isBadInput(err error) bool {
	var inputError *generator.InputError
	return errors.As(err, &inputError) || errors.Is(err, pki.ErrInvalid)
}

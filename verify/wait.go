package verify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/etcdbake/etcdbake/verify/report"
)

// errHealing makes backoff try again; it never leaves this file.
var errHealing = errors.New("may heal")

// wait repeats round while what is wrong may heal, for at most o.Wait, and returns the last report.
func (o Options) wait(ctx context.Context, round func() (*Report, error)) (*Report, error) {
	if o.Wait == 0 {
		return round()
	}
	pause := backoff.NewExponentialBackOff()
	pause.InitialInterval, pause.MaxInterval, pause.Multiplier = 250*time.Millisecond, 2*time.Second, 1.3
	start, said := time.Now(), ""
	var last *Report
	_, err := backoff.Retry(ctx, func() (*Report, error) {
		r, err := round()
		if err != nil {
			return nil, backoff.Permanent(err)
		}
		last = r
		if !mayHeal(r) {
			return r, nil
		}
		if line := waitingFor(r); o.Progress != nil && line != said {
			said = line
			o.Progress(fmt.Sprintf("waiting (%s of %s): %s", time.Since(start).Round(time.Second), o.Wait, line))
		}
		return r, errHealing
	}, backoff.WithBackOff(pause), backoff.WithMaxElapsedTime(o.Wait))
	switch {
	case err == nil, errors.Is(err, errHealing):
		return last, nil
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	default:
		return nil, err
	}
}

// mayHeal tells whether waiting makes sense: something is wrong, and nothing of it is there to stay.
func mayHeal(r *Report) bool {
	if r.Verdict == report.Pass {
		return false
	}
	for _, x := range r.Results {
		if counts(x, r.Strict) && !x.Heals {
			return false
		}
	}
	return true
}

// counts tells whether the result keeps the verdict from Pass.
func counts(x report.Result, strict bool) bool {
	return x.Verdict == report.Fail || x.Verdict == report.Undetermined || strict && x.Verdict == report.Warn
}

// waitingFor names the first thing that is wrong, and how many more there are.
func waitingFor(r *Report) string {
	wrong := report.Select(r.Results, func(x report.Result) bool { return counts(x, r.Strict) })
	first := wrong[0]
	line := fmt.Sprintf("%s: %s: %s", first.Check, first.Where(), first.Seen)
	if len(wrong) > 1 {
		line += fmt.Sprintf(" (and %d more)", len(wrong)-1)
	}
	return line
}

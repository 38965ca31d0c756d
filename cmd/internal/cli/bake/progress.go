package bake

import (
	"fmt"
	"io"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/generator/fleet"
)

// fleetProgress shows how far a fleet is: a bar on a terminal, which goes when all is done; elsewhere a line now and then, so
// that the log of a long run shows that it lives.
type fleetProgress struct {
	stderr      io.Writer
	total, made int
	failed      int
	said        time.Time

	bar *progressbar.ProgressBar // nil where there is no terminal
}

const (
	redraw   = 100 * time.Millisecond
	sayEvery = 10 * time.Second
)

func newProgress(stderr io.Writer, total int) *fleetProgress {
	p := &fleetProgress{stderr: stderr, total: total, said: time.Now()}
	if cli.IsTerminal(stderr) {
		p.bar = progressbar.NewOptions(total, progressbar.OptionSetWriter(stderr), progressbar.OptionSetDescription("clusters"),
			progressbar.OptionSetWidth(30), progressbar.OptionShowCount(), progressbar.OptionThrottle(redraw),
			progressbar.OptionClearOnFinish())
	}
	return p
}

// done is told of each cluster, one at a time.
func (p *fleetProgress) done(r fleet.Result) {
	p.made++
	if r.State == fleet.Failed {
		p.failed++
	}
	switch {
	case p.bar != nil:
		if p.failed > 0 {
			p.bar.Describe(fmt.Sprintf("clusters, %d failed", p.failed))
		}
		_ = p.bar.Set(p.made) // a bar that cannot be drawn is no reason to stop
	case time.Since(p.said) >= sayEvery:
		p.said = time.Now()
		fmt.Fprintf(p.stderr, "%d of %d clusters done, %d failed\n", p.made, p.total, p.failed)
	}
}

// stop takes the bar away.
func (p *fleetProgress) stop() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

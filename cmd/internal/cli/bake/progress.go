package bake

import (
	"fmt"
	"io"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"

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

	bar     *progress.Tracker // nil where there is no terminal
	stopped chan struct{}
}

const (
	redraw   = 50 * time.Millisecond
	sayEvery = 10 * time.Second
)

func newProgress(stderr io.Writer, total int) *fleetProgress {
	p := &fleetProgress{stderr: stderr, total: total, said: time.Now()}
	if !cli.IsTerminal(stderr) {
		return p
	}
	p.bar = &progress.Tracker{Message: "clusters", Total: int64(total), RemoveOnCompletion: true}
	p.stopped = make(chan struct{})
	writer := progress.NewWriter()
	writer.SetOutputWriter(stderr)
	writer.SetTrackerLength(40)
	writer.SetUpdateFrequency(redraw)
	writer.SetAutoStop(true)
	writer.AppendTracker(p.bar)
	go func() {
		defer close(p.stopped)
		writer.Render()
	}()
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
			p.bar.UpdateMessage(fmt.Sprintf("clusters, %d failed", p.failed))
		}
		if p.made < p.total { // the last step ends the bar
			p.bar.SetValue(int64(p.made))
		}
	case time.Since(p.said) >= sayEvery:
		p.said = time.Now()
		fmt.Fprintf(p.stderr, "%d of %d clusters done, %d failed\n", p.made, p.total, p.failed)
	}
}

// stop takes the bar away.
func (p *fleetProgress) stop() {
	if p.bar != nil {
		p.bar.MarkAsDone()
		<-p.stopped
	}
}

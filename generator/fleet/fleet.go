// Package fleet generates many clusters side by side: what generator.Generate does for one, below a folder for each. It decides
// nothing about a cluster.
package fleet

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/durable"
)

// Options says what to generate, and where to.
type Options struct {
	// Options are those of every cluster. PKI and Out are the folders that each cluster has a folder of its own in, by its
	// name. Spec, Disk and Alone are set for each.
	generator.Options
	Specs []string // paths of the clusters' specs
	// Progress is told, by one goroutine at a time, that a cluster is done. It may be nil.
	Progress func(Result)
}

// State is what became of a cluster.
type State string

// A cluster that failed is one with an error; what it had is as it was, unless the error says otherwise. Skipped is one that the
// context's end kept from being begun.
const (
	Written   State = "written"
	Unchanged State = "unchanged"
	Failed    State = "failed"
	Skipped   State = "skipped"
)

// States are all values of State.
func States() []State { return []State{Written, Unchanged, Failed, Skipped} }

// Result is what is left to be told of a cluster.
type Result struct {
	Spec     string // path of its spec
	Cluster  string // its name; empty where the spec does not tell
	State    State
	Members  int
	Changes  int // certificates that were made or made again
	Warnings []string
	Notes    []string
	Removed  []generator.Removal
	Err      error // where it Failed
}

// waiting is how many clusters may wait for the disk at a time: enough that the processors have something to do meanwhile, and
// few enough that what these hold in memory, some 100 KiB each, does not matter.
const waiting = 256

// Run generates every cluster, as many at a time as there are processors, and returns the results in the order of the specs. A
// cluster that fails stops no other. Once ctx ends no cluster is begun, and those that have begun are completed. An error is
// about the fleet as a whole; where it is a *generator.InputError, nothing was written.
func Run(ctx context.Context, o Options) ([]Result, error) {
	results, inputs, err := survey(o)
	if err != nil || !slices.ContainsFunc(results, func(r Result) bool { return r.State != Failed }) {
		return results, err
	}
	folders, err := makeFolders(o)
	if err != nil {
		return results, err
	}
	disk, err := durable.NewGroup(folders...)
	if err != nil {
		return results, err
	}
	defer disk.Close()
	processors := runtime.GOMAXPROCS(0)
	slots := newSlots(processors)
	shared := o.Options
	shared.Disk, shared.Alone = yielding{disk, slots}, len(results) > processors
	var progress sync.Mutex
	done := func(r Result) {
		progress.Lock()
		defer progress.Unlock()
		if o.Progress != nil {
			o.Progress(r)
		}
	}
	one := func(i int) {
		if r := &results[i]; r.State != Failed { // already
			slots.take(&slots.new)
			defer slots.give()
			generate(ctx, shared, inputs[i], r)
			inputs[i] = nil
		}
		done(results[i])
	}
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(waiting, len(results)) {
		workers.Go(func() {
			for i := next.Add(1) - 1; i < int64(len(results)); i = next.Add(1) - 1 {
				one(int(i))
			}
		})
	}
	workers.Wait()
	// The last renames too, before it is said that they were made.
	for _, folder := range folders {
		err = errors.Join(err, disk.Sync(folder, folder))
	}
	return results, err
}

// makeFolders makes the folders that clusters' folders are in, and returns them.
func makeFolders(o Options) ([]string, error) {
	folders := []string{o.Out}
	if o.Format != generator.Packer { // which needs no PKI
		folders = append(folders, o.PKI)
		if err := os.MkdirAll(o.PKI, 0o700); err != nil {
			return nil, err
		}
	}
	return folders, os.MkdirAll(o.Out, 0o755)
}

// generate does one cluster with the options of all, and notes in r what became of it.
func generate(ctx context.Context, o generator.Options, input *generator.Input, r *Result) {
	if ctx.Err() != nil {
		r.State = Skipped
		return
	}
	o.Spec, o.PKI, o.Out = r.Spec, filepath.Join(o.PKI, r.Cluster), filepath.Join(o.Out, r.Cluster)
	input.Options = o
	summary, err := input.Generate(ctx)
	switch {
	case err != nil && errors.Is(err, ctx.Err()):
		r.State = Skipped
	case err != nil:
		r.State, r.Err = Failed, err
	default:
		r.note(summary)
	}
}

// note keeps of a summary what is told in the end: of thousands of clusters, nothing else may stay in memory.
func (r *Result) note(s *generator.Summary) {
	r.State, r.Members, r.Changes = Unchanged, len(s.Cluster.Members), len(s.Changes)
	r.Notes, r.Removed = s.Notes, s.Removed
	for _, w := range s.Warnings {
		r.Warnings = append(r.Warnings, w.Error())
	}
	changed := len(s.Changes)+len(s.Removed) > 0
	for _, all := range [][]generator.Artefact{s.Members, s.Shared} {
		for _, a := range all {
			changed = changed || a.Changed
		}
	}
	if changed {
		r.State = Written
	}
}

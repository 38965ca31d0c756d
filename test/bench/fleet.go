package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"time"
)

const (
	fleetClusters = 1000
	fewClusters   = 250 // to see whether memory grows with their number
	mostCores     = 4
)

// fleetLimits are what is good enough.
type fleetLimits struct {
	ratio   float64 // to bare crypto, in memory, at most
	disk    float64 // to bare crypto that also writes the same files, on a disk, at most
	speedup float64 // on four cores, at least; in proportion on fewer, or on processors that share cores
	memory  int64   // MiB, at most
}

// fleetRatio races fleets in memory and on the disk, prints, and returns what is not good enough.
func fleetRatio(o options, limits fleetLimits) (bad []string, err error) {
	for _, place := range []struct {
		dir  string
		race func(fleetBench, fleetLimits) ([]string, error)
	}{{o.memory, fleetBench.inMemory}, {o.dir, fleetBench.onDisk}} {
		if place.dir == "" {
			continue
		}
		failed, err := raceIn(place.dir, o, limits, place.race)
		if err != nil {
			return nil, err
		}
		bad = append(bad, failed...)
	}
	return bad, nil
}

func raceIn(
	parent string, o options, limits fleetLimits, race func(fleetBench, fleetLimits) ([]string, error),
) ([]string, error) {
	dir, err := os.MkdirTemp(parent, "fleet-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	b := fleetBench{o, dir, min(mostCores, runtime.NumCPU())}
	if err := b.writeSpecs(); err != nil {
		return nil, err
	}
	return race(b, limits)
}

// inMemory has a fleet compute, and wait for nothing: against bare crypto, and on all cores against one.
func (b fleetBench) inMemory(limits fleetLimits) (bad []string, err error) {
	var many, few, alone usage
	fleet := b.generate("etcdbake generate, 1,000 clusters", fleetClusters, b.cores, &many)
	crypto := b.bare("bare keys and signatures of these", b.cores, &alone)
	single := b.generate("etcdbake generate, one core", fleetClusters, 1, &usage{})
	cryptoSingle := b.bare("bare keys and signatures, one core", 1, &usage{})
	small := b.generate("etcdbake generate, 250 clusters", fewClusters, b.cores, &few)
	if err := b.race(b.forget, fleet, crypto, single, cryptoSingle, small); err != nil {
		return nil, err
	}
	ratio, low, high := ratioOfMedians(fleet.times, crypto.times)
	fmt.Printf("%s takes %.2f (%.2f–%.2f) of the time of bare keys and signatures\n", fleet.name, ratio, low, high)
	speedup, low, high := ratioOfMedians(single.times, fleet.times)
	fmt.Printf("it is %.2f (%.2f–%.2f) times as fast on %d cores as on one; ", speedup, low, high, b.cores)
	machine, low, high := ratioOfMedians(cryptoSingle.times, crypto.times)
	worth := min(machine, float64(b.cores)) // processors that share a core, or clock lower together, are fewer cores
	fmt.Printf("bare keys and signatures are %.2f (%.2f–%.2f) times, so these are worth %.2f cores\n", machine, low, high, worth)
	fmt.Printf("it takes %.2f ms of processor time a cluster, and bare keys and signatures %.2f ms: %.2f of it (least of all runs)\n",
		many.processor.Seconds()*1000/fleetClusters, alone.processor.Seconds()*1000/fleetClusters,
		many.processor.Seconds()/alone.processor.Seconds())
	fmt.Printf("it takes %d MiB of memory; for %d clusters, %d MiB\n\n", many.memory>>20, fewClusters, few.memory>>20)
	if ratio > limits.ratio {
		bad = append(bad, fmt.Sprintf("a fleet takes %.2f of the time of bare crypto, more than %.2f", ratio, limits.ratio))
	}
	if least := limits.speedup * worth / mostCores; speedup < least {
		bad = append(bad, fmt.Sprintf("a fleet is %.2f times as fast on what is worth %.2f cores, less than %.2f", speedup, worth, least))
	}
	if many.memory>>20 > limits.memory {
		bad = append(bad, fmt.Sprintf("a fleet takes %d MiB of memory, more than %d", many.memory>>20, limits.memory))
	}
	return bad, nil
}

// onDisk has it wait for a disk too. What the disk takes by itself is seen by the least that a program could do that wants the same
// keys, certificates and files: it makes bare keys and signatures, writes as many bytes to files of the same names, and syncs once, when
// all is written. It renders nothing, checks nothing, and loses everything where it is killed.
func (b fleetBench) onDisk(limits fleetLimits) (bad []string, err error) {
	sample, err := b.sample()
	if err != nil {
		return nil, err
	}
	fleet := b.generate("etcdbake generate, 1,000 clusters", fleetClusters, b.cores, &usage{})
	crypto := b.bare("bare keys and signatures of these", b.cores, &usage{})
	least := b.bareFiles("the same, and their files written", sample, &usage{})
	keep := func() error { return nil } // ext4 without a journal would search for inodes that were not deleted lately
	if err := b.race(keep, fleet, crypto, least); err != nil {
		return nil, err
	}
	ratio, low, high := ratioOfMedians(fleet.times, least.times)
	fmt.Printf("%s takes %.2f (%.2f–%.2f) of the time of bare keys and signatures with their files written and synced once\n",
		fleet.name, ratio, low, high)
	of, low, high := ratioOfMedians(least.times, crypto.times)
	fmt.Printf("of bare keys and signatures alone, which need no disk, that takes %.2f (%.2f–%.2f), ", of, low, high)
	whole, low, high := ratioOfMedians(fleet.times, crypto.times)
	fmt.Printf("and etcdbake %.2f (%.2f–%.2f)\n\n", whole, low, high)
	if ratio > limits.disk {
		bad = append(bad, fmt.Sprintf("on a disk a fleet takes %.2f of the time of bare crypto with its files, more than %.2f",
			ratio, limits.disk))
	}
	return bad, nil
}

// forget deletes what was written: memory that was in use before is there at once.
func (b fleetBench) forget() error {
	all, err := filepath.Glob(filepath.Join(b.dir, written+"*"))
	for _, dir := range all {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	return err
}

// race runs all in turns, each so often after once for warming up, and prints the table. After each run, which is timed, it calls after.
func (b fleetBench) race(after func() error, all ...*contender) error {
	for round := range 1 + b.fleetRuns {
		for i := range all {
			c := all[(i+round)%len(all)]
			start := time.Now()
			if err := c.run(b.dir); err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 {
				c.times = append(c.times, time.Since(start))
			}
			if err := after(); err != nil {
				return err
			}
		}
	}
	printTable(all)
	fmt.Printf("\n%d cores, %s; %d runs each, interleaved; 95%% intervals\n", b.cores, fileSystem(b.dir), b.fleetRuns)
	return nil
}

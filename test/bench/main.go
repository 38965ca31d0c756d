// Command bench compares our commands with the tools of the hand-written tutorials: whole processes, side by side in one
// run, on one file system. It exits 1 where a ratio is above what is good enough.
//
//	go run ./test/bench -etcdbake bin/etcdbake -cfssl .cache/cfssl -etcd-verify bin/etcd-verify -etcd .cache/etcd/3.6.14
//
// etcd-verify with every check runs against etcdctl endpoint health and endpoint status, one after the other, on three healthy
// members. etcdbake generate runs against the cfssl command line tools: both make 2 CAs, 3 server and 3 peer leaves and 1
// client leaf with ECDSA P-256: 9 certificates. cfssl does that with one `cfssl | cfssljson` a certificate, joined by a pipe
// and without a shell, and writes them without fsync. etcdbake also writes the user-data, and syncs to disk what it must not
// lose.
//
// etcdbake generate with a fleet of 1,000 such clusters runs in memory against Go's bare crypto, which makes as many keys and
// certificates on as many cores and keeps none; and against itself on one core. On the disk it also runs against bare crypto that
// writes the same files: what a disk takes by itself is more than the crypto.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
)

func main() {
	var o options
	flag.StringVar(&o.etcdbake, "etcdbake", "bin/etcdbake", "the etcdbake binary")
	flag.StringVar(&o.cfssl, "cfssl", ".cache/cfssl", "the folder of the cfssl and cfssljson binaries")
	flag.StringVar(&o.dir, "dir", ".cache/bench", "scratch folder: decides the file system")
	flag.StringVar(&o.memory, "memory", "/dev/shm", "a folder in memory, where a fleet waits for no disk; empty to leave that out")
	flag.IntVar(&o.runs, "n", 40, "measured runs of each, after 3 for warming up")
	flag.StringVar(&o.verify, "etcd-verify", "bin/etcd-verify", "the etcd-verify binary")
	flag.StringVar(&o.etcd, "etcd", ".cache/etcd/3.6.14", "the folder of the etcd and etcdctl binaries")
	limit := flag.Float64("max", 0.5, "the largest ratio of etcdbake generate to cfssl that is good enough")
	limitVerify := flag.Float64("max-verify", 1, "the largest ratio of etcd-verify to etcdctl that is good enough")
	flag.IntVar(&o.fleetRuns, "n-fleet", 11, "measured runs of each with a fleet, after one for warming up")
	only := flag.String("only", "", "run this comparison alone: generate, verify or fleet")
	var limits fleetLimits
	flag.Float64Var(&limits.ratio, "max-fleet", 2, "the largest ratio of a fleet in memory to bare crypto that is good enough")
	flag.Float64Var(&limits.disk, "max-fleet-disk", 1.75, "the same on a disk, to bare crypto that writes the same files")
	flag.Float64Var(&limits.speedup, "min-speedup", 3.2,
		"how many times as fast a fleet must be on four cores as on one; in proportion where bare crypto gets less of them")
	flag.Int64Var(&limits.memory, "max-memory", 150, "MiB of memory that a fleet may take")
	clusters := flag.Int("bare", 0, "make the keys and certificates of so many clusters, and nothing else: for the benchmark itself")
	like := flag.String("like", "", "with -bare: a cluster's folder, to write files like those in it")
	to := flag.String("to", "", "with -like: where to")
	flag.Parse()
	if *clusters > 0 {
		if err := runBare(*clusters, *like, *to); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(2)
		}
		return
	}
	if err := o.absolute(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	code := 0
	for _, b := range []struct {
		name  string
		run   func(options) (float64, error)
		limit float64
	}{{"generate", generateRatio, *limit}, {"verify", verifyRatio, *limitVerify}} {
		if *only != "" && *only != b.name {
			continue
		}
		ratio, err := b.run(o)
		switch {
		case err != nil:
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(2)
		case ratio > b.limit:
			fmt.Fprintf(os.Stderr, "bench: the ratio %.2f is above %.2f\n", ratio, b.limit)
			code = 1
		}
	}
	if *only == "" || *only == "fleet" {
		bad, err := fleetRatio(o, limits)
		if err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(2)
		}
		for _, line := range bad {
			fmt.Fprintln(os.Stderr, "bench:", line)
			code = 1
		}
	}
	os.Exit(code)
}

func runBare(clusters int, like, to string) error {
	if like != "" {
		return bareWithFiles(clusters, like, to)
	}
	return bare(clusters, func(int) error { return nil })
}

type options struct {
	etcdbake, cfssl, verify, etcd, dir, memory string
	runs, fleetRuns                            int
}

// absolute makes the paths independent of the folder that a command runs in, and makes the scratch folder.
func (o *options) absolute() (err error) {
	for _, path := range []*string{&o.etcdbake, &o.cfssl, &o.verify, &o.etcd, &o.dir, &o.memory} {
		if *path == "" {
			continue
		}
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	return os.MkdirAll(o.dir, 0o700)
}

// A contender is one row: run does the work in dir, a folder of its own that prepare has filled.
type contender struct {
	name    string
	prepare func(dir string) error
	run     func(dir string) error
	times   []time.Duration
}

const warmUp = 3

// generateRatio measures, prints the table and returns the ratio of generate to cfssl.
func generateRatio(o options) (float64, error) {
	bake, tools := etcdbake{o.etcdbake}, cfssl{o.cfssl}
	generate := &contender{name: "etcdbake generate", prepare: bake.writeSpec, run: bake.generate}
	pipeline := &contender{name: "cfssl | cfssljson, 9 times", prepare: tools.writeInputs, run: tools.pipelines}
	again := &contender{name: "etcdbake generate, no change", prepare: bake.generateOnce, run: bake.generate}
	start := &contender{name: "etcdbake version", prepare: func(string) error { return nil }, run: bake.version}
	return race(o, generate, pipeline, again, start)
}

// race runs all contenders in turns, prints the table and returns the ratio of the first to the second.
func race(o options, all ...*contender) (float64, error) {
	for round := range warmUp + o.runs {
		for i := range all {
			c := all[(i+round)%len(all)] // nobody always follows the same one
			d, err := c.measure(o.dir)
			if err != nil {
				return 0, fmt.Errorf("%s: %w", c.name, err)
			}
			if round >= warmUp {
				c.times = append(c.times, d)
			}
		}
	}
	ratio, low, high := ratioOfMedians(all[0].times, all[1].times)
	printTable(all)
	fmt.Printf("\n%s takes %.2f of the time of %s (95%% interval %.2f–%.2f, %d runs each, interleaved)\n\n",
		all[0].name, ratio, all[1].name, low, high, o.runs)
	return ratio, nil
}

// measure runs c once in a new folder and returns how long its work took.
func (c *contender) measure(parent string) (time.Duration, error) {
	dir, err := os.MkdirTemp(parent, "run-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	if err := c.prepare(dir); err != nil {
		return 0, err
	}
	start := time.Now()
	err = c.run(dir)
	return time.Since(start), err
}

func printTable(all []*contender) {
	t := table.NewWriter()
	t.SetOutputMirror(os.Stdout)
	t.SetStyle(table.StyleLight)
	t.AppendHeader(table.Row{"", "median", "min", "10 %", "90 %", "max"})
	for _, c := range all {
		row := table.Row{c.name}
		for _, q := range []float64{0.5, 0, 0.1, 0.9, 1} {
			row = append(row, fmt.Sprintf("%.1f ms", quantile(c.times, q).Seconds()*1000))
		}
		t.AppendRow(row)
	}
	t.Render()
}

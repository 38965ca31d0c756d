// Command bench compares etcdbake generate with making the same certificates by the cfssl command line tools, as the
// hand-written tutorials do: whole processes, side by side in one run, on one file system.
//
//	go run ./test/bench -etcdbake bin/etcdbake -cfssl .cache/cfssl
//
// Both make 2 CAs, 3 server and 3 peer leaves and 1 client leaf with ECDSA P-256: 9 certificates. cfssl does that with one
// `cfssl | cfssljson` a certificate, joined by a pipe and without a shell, and writes them without fsync. etcdbake also
// writes the user-data, and syncs to disk what it must not lose. It exits 1 where the ratio is above -max.
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
	flag.IntVar(&o.runs, "n", 40, "measured runs of each, after 3 for warming up")
	limit := flag.Float64("max", 0.5, "the largest ratio of etcdbake generate to cfssl that is good enough")
	flag.Parse()
	ratio, err := run(o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
	if ratio > *limit {
		fmt.Fprintf(os.Stderr, "bench: the ratio %.2f is above %.2f\n", ratio, *limit)
		os.Exit(1)
	}
}

type options struct {
	etcdbake, cfssl, dir string
	runs                 int
}

// A contender is one row: run does the work in dir, a folder of its own that prepare has filled.
type contender struct {
	name    string
	prepare func(dir string) error
	run     func(dir string) error
	times   []time.Duration
}

const warmUp = 3

// run measures, prints the table and returns the ratio of generate to cfssl.
func run(o options) (float64, error) {
	var err error
	for _, path := range []*string{&o.etcdbake, &o.cfssl, &o.dir} {
		if *path, err = filepath.Abs(*path); err != nil {
			return 0, err
		}
	}
	bake, tools := etcdbake{o.etcdbake}, cfssl{o.cfssl}
	generate := &contender{name: "etcdbake generate", prepare: bake.writeSpec, run: bake.generate}
	pipeline := &contender{name: "cfssl | cfssljson, 9 times", prepare: tools.writeInputs, run: tools.pipelines}
	again := &contender{name: "etcdbake generate, no change", prepare: bake.generateOnce, run: bake.generate}
	start := &contender{name: "etcdbake version", prepare: func(string) error { return nil }, run: bake.version}
	all := []*contender{generate, pipeline, again, start}

	if err := os.MkdirAll(o.dir, 0o700); err != nil {
		return 0, err
	}
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
	ratio, low, high := ratioOfMedians(generate.times, pipeline.times)
	printTable(all)
	fmt.Printf("\n%s takes %.2f of the time of %s (95%% interval %.2f–%.2f, %d runs each, interleaved)\n",
		generate.name, ratio, pipeline.name, low, high, o.runs)
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

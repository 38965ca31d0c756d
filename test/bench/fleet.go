package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	fleetClusters = 1000
	fewClusters   = 250 // to see whether memory grows with their number
	mostCores     = 4
)

// fleetBench runs a fleet against bare crypto, on all cores and on one, each a process of its own.
type fleetBench struct {
	options
	dir   string // of this run; nothing is deleted before its end, since ext4 without a journal then searches for inodes
	cores int
}

// usage is what a process took besides time.
type usage struct {
	memory    int64 // bytes, at most
	processor time.Duration
}

// fleetRatio measures, prints, and returns what is not good enough.
func fleetRatio(o options, limits fleetLimits) ([]string, error) {
	dir, err := os.MkdirTemp(o.dir, "fleet-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	b := fleetBench{o, dir, min(mostCores, runtime.NumCPU())}
	if err := b.writeSpecs(); err != nil {
		return nil, err
	}
	var many, few, one, alone usage
	fleet := b.generate("etcdbake generate, 1,000 clusters", fleetClusters, b.cores, &many)
	crypto := b.bare("bare keys and signatures of these", b.cores, &alone)
	single := b.generate("etcdbake generate, one core", fleetClusters, 1, &one)
	cryptoSingle := b.bare("bare keys and signatures, one core", 1, &usage{})
	small := b.generate("etcdbake generate, 250 clusters", fewClusters, b.cores, &few)
	all := []*contender{fleet, crypto, single, cryptoSingle, small}
	for round := range 1 + o.fleetRuns {
		for i := range all {
			c := all[(i+round)%len(all)]
			start := time.Now()
			if err := c.run(dir); err != nil {
				return nil, fmt.Errorf("%s: %w", c.name, err)
			}
			if round > 0 {
				c.times = append(c.times, time.Since(start))
			}
		}
	}
	printTable(all)
	fmt.Printf("\n%d cores, %s; %d runs each, interleaved; 95%% intervals\n", b.cores, fileSystem(dir), o.fleetRuns)
	ratio, low, high := ratioOfMedians(fleet.times, crypto.times)
	fmt.Printf("%s takes %.2f (%.2f–%.2f) of the time of bare keys and signatures\n", fleet.name, ratio, low, high)
	speedup, low, high := ratioOfMedians(single.times, fleet.times)
	fmt.Printf("it is %.2f (%.2f–%.2f) times as fast on %d cores as on one; ", speedup, low, high, b.cores)
	machine, low, high := ratioOfMedians(cryptoSingle.times, crypto.times)
	fmt.Printf("bare keys and signatures are %.2f (%.2f–%.2f) times\n", machine, low, high)
	fmt.Printf("it takes %.2f ms of processor time a cluster, and bare keys and signatures %.2f ms: %.2f of it (least of all runs)\n",
		many.processor.Seconds()*1000/fleetClusters, alone.processor.Seconds()*1000/fleetClusters,
		many.processor.Seconds()/alone.processor.Seconds())
	fmt.Printf("it takes %d MiB of memory; for %d clusters, %d MiB\n\n", many.memory>>20, fewClusters, few.memory>>20)
	var bad []string
	if ratio > limits.ratio {
		bad = append(bad, fmt.Sprintf("a fleet takes %.2f of the time of bare crypto, more than %.2f", ratio, limits.ratio))
	}
	if least := limits.speedup * float64(b.cores) / mostCores; speedup < least {
		bad = append(bad, fmt.Sprintf("a fleet is %.2f times as fast on %d cores, less than %.2f", speedup, b.cores, least))
	}
	if many.memory>>20 > limits.memory {
		bad = append(bad, fmt.Sprintf("a fleet takes %d MiB of memory, more than %d", many.memory>>20, limits.memory))
	}
	return bad, nil
}

// fleetLimits are what is good enough.
type fleetLimits struct {
	ratio   float64 // to bare crypto, at most
	speedup float64 // on four cores, at least; in proportion on fewer
	memory  int64   // MiB, at most
}

func (b fleetBench) writeSpecs() error {
	for _, n := range []int{fewClusters, fleetClusters} {
		folder := filepath.Join(b.dir, strconv.Itoa(n))
		if err := os.Mkdir(folder, 0o700); err != nil {
			return err
		}
		for i := range n {
			name := fmt.Sprintf("bench-%d", i)
			spec := strings.Replace(clusterYAML, "name: bench\n", "name: "+name+"\n", 1)
			if err := os.WriteFile(filepath.Join(folder, name+".yaml"), []byte(spec), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

// generate runs etcdbake over n clusters, each time into new folders.
func (b fleetBench) generate(name string, n, cores int, used *usage) *contender {
	run := 0
	return &contender{name: name, run: func(dir string) error {
		run++
		to := filepath.Join(dir, fmt.Sprintf("%d-%d-%d", n, cores, run))
		if err := os.Mkdir(to, 0o700); err != nil {
			return err
		}
		cmd := exec.Command(b.etcdbake, "generate", "-f", filepath.Join(dir, strconv.Itoa(n)),
			"--pki", filepath.Join(to, "pki"), "--out", filepath.Join(to, "out"))
		err := onCores(cores, cmd)
		used.note(cmd)
		return err
	}}
}

// note takes what an ended process used: the most memory, and the least processor time, which others disturbed least.
func (u *usage) note(cmd *exec.Cmd) {
	state := cmd.ProcessState
	if state == nil {
		return
	}
	u.memory = max(u.memory, state.SysUsage().(*syscall.Rusage).Maxrss<<10)
	if took := state.UserTime() + state.SystemTime(); u.processor == 0 || took < u.processor {
		u.processor = took
	}
}

// bare runs this program as bare crypto.
func (b fleetBench) bare(name string, cores int, used *usage) *contender {
	return &contender{name: name, run: func(string) error {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		cmd := exec.Command(self, "-bare", strconv.Itoa(fleetClusters))
		err = onCores(cores, cmd)
		used.note(cmd)
		return err
	}}
}

// onCores runs cmd on so many of the processors that this process may use. A child inherits those of the thread that starts it.
func onCores(cores int, cmd *exec.Cmd) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with this goroutine
		var all, some unix.CPUSet
		err := unix.SchedGetaffinity(0, &all)
		for cpu := 0; err == nil && some.Count() < cores && cpu < 1024; cpu++ {
			if all.IsSet(cpu) {
				some.Set(cpu)
			}
		}
		if err == nil {
			err = unix.SchedSetaffinity(0, &some)
		}
		if err == nil {
			err = quietly(cmd)
		}
		result <- err
	}()
	return <-result
}

// fileSystem says what the folder is on: "ext4 (/dev/vda)".
func fileSystem(dir string) string {
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return "unknown file system"
	}
	best, name := "", "unknown file system"
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line) // proc_pid_mountinfo(5): the fifth is where; type and source follow a dash
		for i, word := range f {
			if word == "-" && len(f) > i+2 && len(f[4]) >= len(best) && (f[4] == "/" || strings.HasPrefix(dir+"/", f[4]+"/")) {
				best, name = f[4], fmt.Sprintf("%s (%s)", f[i+1], f[i+2])
			}
		}
	}
	return name
}

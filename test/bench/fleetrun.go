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

// fleetBench runs fleets, bare crypto, and what is between, each as a process of its own.
type fleetBench struct {
	options
	dir   string // of this race
	cores int
}

// usage is what a process took besides time.
type usage struct {
	memory    int64 // bytes, at most
	processor time.Duration
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

// written begins the names of folders that a run has written.
const written = "written-"

// generate runs etcdbake over n clusters, each time into new folders.
func (b fleetBench) generate(name string, n, cores int, used *usage) *contender {
	return &contender{name: name, run: func(dir string) error {
		to, err := os.MkdirTemp(dir, written)
		if err != nil {
			return err
		}
		cmd := exec.Command(b.etcdbake, "generate", "-f", filepath.Join(dir, strconv.Itoa(n)),
			"--pki", filepath.Join(to, "pki"), "--out", filepath.Join(to, "out"))
		err = onCores(cores, cmd)
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

// sample generates one cluster, as an example of its folders and files, and returns the folder that they are in.
func (b fleetBench) sample() (string, error) {
	dir := filepath.Join(b.dir, "sample")
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", err
	}
	if err := (etcdbake{b.etcdbake}).generateOnce(dir); err != nil {
		return "", err
	}
	return dir, os.Remove(filepath.Join(dir, "cluster.yaml"))
}

// bare runs this program as bare crypto.
func (b fleetBench) bare(name string, cores int, used *usage) *contender {
	return &contender{name: name, run: func(string) error { return b.self(cores, used) }}
}

// bareFiles runs this program as bare crypto that also writes files like those of a sample, each time into a new folder.
func (b fleetBench) bareFiles(name, sample string, used *usage) *contender {
	return &contender{name: name, run: func(dir string) error {
		to, err := os.MkdirTemp(dir, written)
		if err != nil {
			return err
		}
		return b.self(b.cores, used, "-like", sample, "-to", to)
	}}
}

// self runs this program on so many cores, as what makes keys and certificates alone.
func (b fleetBench) self(cores int, used *usage, args ...string) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(program, append([]string{"-bare", strconv.Itoa(fleetClusters)}, args...)...)
	err = onCores(cores, cmd)
	used.note(cmd)
	return err
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

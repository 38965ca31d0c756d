//go:build linux

package host

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// hierarchies returns the mount points of all cgroup hierarchies, version 1 and 2.
func hierarchies() ([]string, error) {
	file, err := os.Open("/proc/self/mounts")
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	var points []string
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		fields := strings.Fields(lines.Text())
		if len(fields) > 2 && (fields[2] == "cgroup" || fields[2] == "cgroup2") {
			points = append(points, fields[1])
		}
	}
	return points, lines.Err()
}

// makeCgroup makes a cgroup of its own for one host in every hierarchy and returns the files that a process joins by.
// Where PID 1 is not systemd, hosts in one cgroup take each other's processes for theirs and hang.
func makeCgroup(name string) (join []string, err error) {
	points, err := hierarchies()
	if err != nil {
		return nil, err
	}
	for _, point := range points {
		dir := point
		for _, part := range strings.Split(name, "/") {
			parent := dir
			dir = filepath.Join(dir, part)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return nil, err
			}
			if err := inheritCPUSet(parent, dir); err != nil {
				return nil, err
			}
		}
		join = append(join, filepath.Join(dir, "cgroup.procs"))
	}
	return join, nil
}

// inheritCPUSet copies what a version 1 cpuset does not inherit by itself and cannot be joined without.
func inheritCPUSet(parent, dir string) error {
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		content, err := os.ReadFile(filepath.Join(parent, name))
		if err != nil || len(strings.TrimSpace(string(content))) == 0 {
			continue // not the cpuset hierarchy
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// killPatience is long for a process to end in that was killed, and short beside a test's time limit.
const killPatience = 30 * time.Second

// killCgroup ends every process in a cgroup, and returns when none is left. Every process is in every hierarchy, so that one
// of them will do; the time between the first process and the last is short.
func killCgroup(name string) error {
	points, err := hierarchies()
	if err != nil || len(points) == 0 {
		return err
	}
	for since := time.Now(); ; {
		var left []string
		for _, dir := range cgroupDirs(points[0], name) {
			content, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
			if err != nil {
				continue // removed from inside since
			}
			for _, field := range strings.Fields(string(content)) {
				pid, err := strconv.Atoi(field)
				if err != nil || pid == 0 {
					continue // 0 is a process that this namespace does not see
				}
				left = append(left, field)
				if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
					return err
				}
			}
		}
		if len(left) == 0 {
			return nil
		}
		if time.Since(since) > killPatience {
			return fmt.Errorf("these processes still run %v after they were killed: %s", killPatience, strings.Join(left, ", "))
		}
		time.Sleep(time.Millisecond)
	}
}

// removeCgroups removes a cgroup and all below it from every hierarchy, where no process is left in it. An empty cgroup
// that stays does no harm.
func removeCgroups(name string) {
	points, err := hierarchies()
	if err != nil {
		return
	}
	for _, point := range points {
		for _, dir := range slices.Backward(cgroupDirs(point, name)) {
			_ = os.Remove(dir) // the kernel refuses while a process is in it
		}
	}
}

// cgroupPrefix, and the PID of the process that runs outside, name the cgroup of all its hosts.
const cgroupPrefix = "etcdbake-hosts-"

// removeStaleCgroups removes what is left of runs that were ended by kill -9: empty cgroups.
func removeStaleCgroups() {
	points, err := hierarchies()
	if err != nil {
		return
	}
	for _, point := range points {
		left, _ := filepath.Glob(filepath.Join(point, cgroupPrefix+"*")) // the pattern is good
		for _, dir := range left {
			name := filepath.Base(dir)
			if _, err := os.Stat("/proc/" + strings.TrimPrefix(name, cgroupPrefix)); errors.Is(err, fs.ErrNotExist) {
				removeCgroups(name)
			}
		}
	}
}

// cgroupDirs returns a cgroup and all below it in one hierarchy, parents first.
func cgroupDirs(point, name string) []string {
	var dirs []string
	_ = filepath.WalkDir(filepath.Join(point, name), func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return nil // a cgroup may vanish meanwhile
	})
	return dirs
}

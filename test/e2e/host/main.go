//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// insideEnv marks the process that runs the tests; its value names the cgroup that the hosts live in.
const insideEnv = "ETCDBAKE_HOST_CGROUP"

// workDir is where hosts live: in memory, in a mount that only the test process and its children see.
const (
	workDir = "/run"
	tempDir = workDir + "/tmp"
)

// Main is for TestMain: it returns the exit code. It runs prepare, which may use the network, and then all tests in
// namespaces that have none. Output, flags and the working folder are the caller's.
func Main(m *testing.M, prepare func(context.Context) error) int {
	if os.Getenv(insideEnv) != "" {
		return inside(m)
	}
	if err := missing(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := prepare(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return outside()
}

// missing says what this machine lacks for booting hosts.
func missing() error {
	if os.Geteuid() != 0 {
		return errors.New("booting hosts needs root: run make e2e as root")
	}
	packages := map[string]string{
		"mmdebstrap": "mmdebstrap", "systemd-nspawn": "systemd-container", "ip": "iproute2", "nsenter": "util-linux",
	}
	var lacking []string
	for command, pkg := range packages {
		if _, err := exec.LookPath(command); err != nil {
			lacking = append(lacking, pkg)
		}
	}
	if len(lacking) > 0 {
		return errors.New("booting hosts needs more packages: apt-get install " + strings.Join(lacking, " "))
	}
	return nil
}

// outside runs this binary again in new namespaces and removes the cgroups, which no namespace owns, when it has ended.
func outside() int {
	runtime.LockOSThread() // Pdeathsig follows the thread, not the process
	removeStaleCgroups()
	cgroup := cgroupPrefix + strconv.Itoa(os.Getpid())
	defer removeCgroups(cgroup)
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), insideEnv+"="+cgroup)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL,
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if err := cmd.Start(); err != nil {
		fmt.Fprintln(os.Stderr, "starting the tests in namespaces of their own:", err)
		return 1
	}
	go func() {
		for range signals {
			_ = cmd.Process.Kill() // PID 1: all that it started ends with it
		}
	}()
	if err := cmd.Wait(); err != nil {
		if code := cmd.ProcessState.ExitCode(); code > 0 {
			return code
		}
		fmt.Fprintln(os.Stderr, "the tests were ended; so are their hosts:", err)
		return 1
	}
	return 0
}

// moreInotify lets a dozen hosts run at once: each systemd takes about ten of the kernel's 128 inotify instances of root.
func moreInotify() error {
	const limit, enough = "/proc/sys/fs/inotify/max_user_instances", 1024
	content, err := os.ReadFile(limit)
	if err != nil {
		return err
	}
	if now, err := strconv.Atoi(strings.TrimSpace(string(content))); err != nil || now >= enough {
		return err
	}
	return os.WriteFile(limit, []byte(strconv.Itoa(enough)), 0o644)
}

// inside sets up the namespaces and runs the tests.
func inside(m *testing.M) int {
	if err := moreInotify(); err != nil {
		fmt.Fprintln(os.Stderr, "many hosts at once may find no inotify instance:", err)
	}
	for _, mount := range []struct {
		source, target, kind string
		flags                uintptr
	}{
		{"", "/", "", unix.MS_REC | unix.MS_PRIVATE},
		{"proc", "/proc", "proc", unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC},
		{"tmpfs", workDir, "tmpfs", unix.MS_NOSUID},
	} {
		if err := unix.Mount(mount.source, mount.target, mount.kind, mount.flags, ""); err != nil {
			fmt.Fprintf(os.Stderr, "mounting %s on %s: %v\n", mount.kind, mount.target, err)
			return 1
		}
	}
	// Temporary folders are in there too, so that they vanish as well.
	if err := os.Mkdir(tempDir, 0o1777); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if err := os.Setenv("TMPDIR", tempDir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

package rehearse

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"go.etcd.io/etcd/api/v3/version"
)

// Start boots the artefacts and verifies the cluster. The error says that nothing could be booted: bad artefacts, or with
// ErrUnsupported a machine that does not allow it; a cluster that is broken is no error but in the Outcome. The cluster runs
// until Close, until ctx ends, or until this process dies in whatever way.
func Start(ctx context.Context, a *Artefacts, o Options) (*Cluster, error) {
	all, err := hosts(a)
	if err != nil {
		return nil, err
	}
	work := order{
		Hosts: all, Verifier: verifierAddresses(all), Expect: a.Expect, Credentials: a.Credentials, Timeout: o.Timeout,
	}
	if work.Timeout <= 0 {
		work.Timeout = DefaultTimeout
	}
	if o.Progress == nil {
		o.Progress = func(string) {}
	}
	etcd := o.Etcd
	if etcd == "" {
		etcd, work.Version = "/proc/self/exe", version.Version
	}
	executable, err := openExecutable(etcd)
	if err != nil {
		return nil, err
	}
	defer executable.Close()
	s, err := startStage(executable)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, s.kill)
	outcome, err := s.rehearse(work, o.Progress)
	if err != nil {
		stop()
		s.kill()
		<-s.done
		if ctx.Err() != nil {
			err = context.Cause(ctx)
		}
		return nil, err
	}
	return &Cluster{
		Outcome: *outcome,
		PID:     s.pid,
		done:    s.done,
		close: func() {
			stop()
			s.kill()
			<-s.done
		},
	}, nil
}

func openExecutable(path string) (*os.File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEtcd, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%w: %s is no file; name the executable itself", ErrEtcd, path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// stageProcess is the stage as its parent sees it.
type stageProcess struct {
	pid    int
	orders *os.File // kept open: the stage ends when it is closed
	events *os.File
	stderr *logs
	kill   func()
	done   chan struct{} // closed when the stage, and so everything in it, is gone
}

// startStage runs this executable again as PID 1 of new namespaces, with the caller as their root.
func startStage(etcd *os.File) (*stageProcess, error) {
	ordersIn, orders, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	events, eventsOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(err, ordersIn.Close(), orders.Close())
	}
	s := &stageProcess{orders: orders, events: events, stderr: &logs{}, done: make(chan struct{})}
	cmd := &exec.Cmd{
		Path:       "/proc/self/exe",
		Args:       []string{stageName},
		Env:        []string{},
		Stdin:      ordersIn,
		Stdout:     eventsOut,
		Stderr:     s.stderr,
		ExtraFiles: []*os.File{etcd},
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID | syscall.CLONE_NEWNET,
			UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Geteuid(), Size: 1}},
			GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getegid(), Size: 1}},
			// A session of its own, so that Ctrl-C reaches the parent only, which then ends the stage as a whole.
			Setsid:    true,
			Pdeathsig: syscall.SIGKILL,
		},
	}
	err = s.run(cmd)
	ordersIn.Close()
	eventsOut.Close()
	if err != nil {
		orders.Close()
		events.Close()
		return nil, startError(err)
	}
	return s, nil
}

// run starts cmd and waits for it in the background. Linux sends Pdeathsig when the thread that started the process ends, so
// that thread is held for as long as the process lives.
func (s *stageProcess) run(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // how the stage ended is told by its events
			s.orders.Close()
			close(s.done)
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	s.pid = cmd.Process.Pid
	s.kill = func() { _ = cmd.Process.Kill() } // it may have ended already
	return nil
}

// rehearse gives the stage its order and follows it to its outcome. What happens afterwards goes to progress too.
func (s *stageProcess) rehearse(work order, progress func(string)) (*Outcome, error) {
	if err := json.NewEncoder(s.orders).Encode(work); err != nil {
		return nil, s.crashed(err)
	}
	events := json.NewDecoder(s.events)
	for {
		var e event
		if err := events.Decode(&e); err != nil {
			return nil, s.crashed(err)
		}
		switch {
		case e.Outcome != nil:
			go follow(events, progress)
			return e.Outcome, nil
		case e.Error != nil && e.Error.Refused:
			return nil, unsupported(e.Error.Message, namespaceAdvice(kernelSetting))
		case e.Error != nil && e.Error.Etcd:
			return nil, crossed{e.Error.Message, ErrEtcd}
		case e.Error != nil:
			return nil, errors.New(e.Error.Message)
		default:
			progress(e.Progress)
		}
	}
}

// crossed is an error of the stage, with what it wrapped there.
type crossed struct {
	message string
	wrapped error
}

func (e crossed) Error() string { return e.message }
func (e crossed) Unwrap() error { return e.wrapped }

// follow passes on what happens while the cluster is kept up.
func follow(events *json.Decoder, progress func(string)) {
	for {
		var e event
		if err := events.Decode(&e); err != nil {
			return // the stage has ended
		}
		progress(e.Progress)
	}
}

// crashed explains a stage that ended without an outcome.
func (s *stageProcess) crashed(err error) error {
	s.kill()
	<-s.done
	return fmt.Errorf("the rehearsal's own process ended early (%w)\n%s", err, strings.Join(s.stderr.tail(), "\n"))
}

// startError turns what clone(2) returns for a namespace that is not allowed into words.
func startError(err error) error {
	for _, refusal := range []syscall.Errno{syscall.EPERM, syscall.EACCES, syscall.ENOSPC, syscall.EUSERS, syscall.EINVAL, syscall.ENOSYS} {
		if errors.Is(err, refusal) {
			return unsupported("the kernel refuses a user namespace: "+refusal.Error(), namespaceAdvice(kernelSetting))
		}
	}
	return fmt.Errorf("starting the rehearsal: %w", err)
}

func kernelSetting(path string) string {
	content, err := os.ReadFile(filepath.Join("/proc/sys", path))
	if errors.Is(err, fs.ErrNotExist) {
		return ""
	}
	return string(content)
}

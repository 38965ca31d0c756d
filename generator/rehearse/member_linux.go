package rehearse

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// member is one member's process as the stage sees it.
type member struct {
	name   string
	notify bool
	log    *logs
	ready  chan struct{} // closed at READY=1
	exited chan struct{} // closed when the process has ended, for state to say how
	state  *os.ProcessState
}

// startMember starts one member's process, wires it to the bridge and returns when it has become etcd.
func startMember(o memberOrder, bridge *netlink.Bridge, port int) (*member, error) {
	m := &member{
		name: o.Host.Name, notify: o.Host.Notify, log: &logs{}, ready: make(chan struct{}), exited: make(chan struct{}),
	}
	if m.notify {
		if err := m.listen(filepath.Join(o.Root, notifyPath)); err != nil {
			return nil, err
		}
	} else if err := os.MkdirAll(o.Root, 0o755); err != nil {
		return nil, err
	}
	in, orders, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	status, statusOut, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd := &exec.Cmd{
		Path: "/proc/self/exe", Args: []string{memberName}, Env: []string{},
		Stdout: m.log, Stderr: m.log,
		ExtraFiles:  []*os.File{in, statusOut},
		SysProcAttr: &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET},
	}
	err = cmd.Start()
	in.Close()
	statusOut.Close()
	if err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // state has it
		m.state = cmd.ProcessState
		close(m.exited)
	}()
	if err := attach(bridge, cmd.Process.Pid, port); err != nil {
		return nil, err
	}
	if err := errors.Join(json.NewEncoder(orders).Encode(o), orders.Close()); err != nil {
		return nil, err
	}
	problem, err := io.ReadAll(status)
	if err == nil && len(problem) > 0 {
		err = errors.New(string(problem))
	}
	return m, err
}

// listen hears the member's sd_notify(3) messages as systemd would.
func (m *member) listen(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	go func() {
		buf := make([]byte, 4096)
		for isReady := false; !isReady; {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			for line := range strings.Lines(string(buf[:n])) {
				isReady = isReady || strings.TrimSpace(line) == "READY=1"
			}
		}
		close(m.ready)
	}()
	return nil
}

// howItEnded is for a process that has exited.
func (m *member) howItEnded() string {
	if status, ok := m.state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return "its etcd was killed: " + status.Signal().String()
	}
	return fmt.Sprintf("its etcd ended with exit code %d", m.state.ExitCode())
}

// memberMain becomes a member's etcd: in its own network and mount namespace it waits for its order, builds its host and
// executes the unit's command line there.
func memberMain() int {
	unix.CloseOnExec(hostFD)
	unix.CloseOnExec(statusFD)
	var o memberOrder
	err := json.NewDecoder(os.NewFile(hostFD, "order")).Decode(&o)
	if err == nil {
		err = become(o)
	}
	fmt.Fprint(os.NewFile(statusFD, "status"), err)
	return 1
}

// become returns only with an error.
func become(o memberOrder) error {
	unix.Umask(0o022)
	if err := up("lo"); err != nil {
		return err
	}
	if err := configure(memberLink, o.Host.Addresses); err != nil {
		return err
	}
	if err := enterRoot(o); err != nil {
		return err
	}
	if dir := o.Host.Dir; dir != "" {
		if err := os.Chdir(dir); err != nil {
			return fmt.Errorf("WorkingDirectory=: %w", err)
		}
	}
	var env []string
	for name, value := range o.Host.Env {
		env = append(env, name+"="+value)
	}
	if o.Host.Notify {
		env = append(env, "NOTIFY_SOCKET="+notifyPath)
	}
	if err := unix.Exec(o.Host.Argv[0], o.Host.Argv, env); err != nil {
		return fmt.Errorf("ExecStart=%s: %w", o.Host.Argv[0], err)
	}
	return nil
}

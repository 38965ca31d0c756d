//go:build linux

package host

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// Exec runs a command as root on the host and returns its standard output, also where it fails. A host that is still
// starting up is waited for, until the context ends.
func (h *Host) Exec(ctx context.Context, name string, args ...string) (string, error) {
	return h.ExecInput(ctx, nil, name, args...)
}

// ExecInput is Exec with something on the command's standard input.
func (h *Host) ExecInput(ctx context.Context, input []byte, name string, args ...string) (string, error) {
	first, err := h.waitForInit(ctx)
	if err != nil {
		return "", err
	}
	nsenter := []string{"-a", "-t", strconv.Itoa(first), "--", name}
	cmd := exec.CommandContext(ctx, "nsenter", append(nsenter, args...)...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LANG=C.UTF-8", "TERM=dumb"}
	if input != nil {
		cmd.Stdin = bytes.NewReader(input)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		err = fmt.Errorf("%s on %s: %w\n%s%s", strings.Join(append([]string{name}, args...), " "), h.Name, err, &stdout, &stderr)
		return stdout.String(), err
	}
	return stdout.String(), nil
}

// Eventually calls try until it succeeds; it returns try's last error when the context ends.
func Eventually(ctx context.Context, try func() error) error {
	_, err := backoff.Retry(ctx, func() (struct{}, error) { return struct{}{}, try() },
		backoff.WithBackOff(backoff.NewConstantBackOff(50*time.Millisecond)), backoff.WithMaxElapsedTime(0))
	return err
}

// waitForInit waits until the host has a PID 1 that is systemd, and returns its PID here.
func (h *Host) waitForInit(ctx context.Context) (int, error) {
	m := h.running
	if m == nil {
		return 0, fmt.Errorf("%s is not switched on", h.Name)
	}
	var first int
	err := Eventually(ctx, func() error {
		select {
		case <-m.ended:
			return backoff.Permanent(fmt.Errorf("%s has ended by itself (%v): see %s", h.Name, m.err, h.Console))
		default:
		}
		var err error
		first, err = m.init()
		return err
	})
	return first, err
}

// View is the host's file system as its processes see it, with what is mounted there, as a folder of this machine. It is an
// error while the host has no PID 1.
func (h *Host) View() (string, error) {
	m := h.running
	if m == nil {
		return "", fmt.Errorf("%s is not switched on", h.Name)
	}
	first, err := m.init()
	return fmt.Sprintf("/proc/%d/root", first), err
}

// init returns the PID of the host's PID 1: nspawn's child that runs systemd in a PID namespace of its own.
func (m *machine) init() (int, error) {
	statuses, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		return 0, err
	}
	parent := strconv.Itoa(m.nspawn.Process.Pid)
	for _, path := range statuses {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // it has just ended
		}
		status := fields(string(content))
		if status["PPid"] == parent && status["Name"] == "systemd" && strings.HasSuffix(status["NSpid"], "\t1") {
			return strconv.Atoi(status["Pid"])
		}
	}
	return 0, errors.New("systemd has not started yet")
}

// fields reads a file of "Key:\tvalue" lines.
func fields(text string) map[string]string {
	values := map[string]string{}
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		values[key] = strings.TrimSpace(value)
	}
	return values
}

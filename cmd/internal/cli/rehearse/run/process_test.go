//go:build linux

package run_test

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/rehearse"
)

// rehearsal is the command as a process.
type rehearsal struct {
	*exec.Cmd
	tmp string
}

// command prepares the command in a folder with out/ and pki/.
func command(t *testing.T, dir string, args ...string) *rehearsal {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), self, args...)
	c.Args[0] = "etcdbake-rehearse"
	c.Dir = dir
	tmp := t.TempDir()
	c.Env = []string{asCommand + "=1", "TMPDIR=" + tmp, "HOME=" + tmp, "PATH=" + os.Getenv("PATH")}
	return &rehearsal{c, tmp}
}

// run runs it to its end.
func (r *rehearsal) run(t *testing.T) (stdout, stderr []byte, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	r.Stdout, r.Stderr = &out, &errs
	var exit *exec.ExitError
	if err := r.Run(); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if code = r.ProcessState.ExitCode(); code == cli.ExitUndetermined && t.Name() != "TestAMachineThatRefusesNamespacesIsExit3" {
		skipIfRefused(t, errs.String())
	}
	return out.Bytes(), errs.Bytes(), code
}

func skipIfRefused(t *testing.T, stderr string) {
	t.Helper()
	if strings.Contains(stderr, rehearse.ErrUnsupported.Error()) {
		t.Skip(stderr)
	}
}

// keptCluster is a command with --keep whose cluster is up.
type keptCluster struct {
	*rehearsal
	line      string // that runs etcdctl
	processes []int  // the stage and its members
}

func keep(t *testing.T, c *rehearsal) *keptCluster {
	t.Helper()
	k := &keptCluster{rehearsal: c}
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() })
	for lines := bufio.NewScanner(stderr); k.line == "" && lines.Scan(); {
		skipIfRefused(t, lines.Text())
		if line := strings.TrimSpace(lines.Text()); strings.HasPrefix(line, "nsenter ") {
			k.line = line
		}
	}
	k.processes = children(t, c.Process.Pid)
	if len(k.processes) == 1 {
		k.processes = append(k.processes, children(t, k.processes[0])...)
	}
	if len(k.processes) != 4 {
		t.Fatalf("processes %v, and the line %q", k.processes, k.line)
	}
	expectUntouched(t)
	return k
}

func (k *keptCluster) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := k.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

func (k *keptCluster) wait() int {
	_ = k.Wait() // its exit code says it
	return k.ProcessState.ExitCode()
}

func (k *keptCluster) expectNothingLeft(t *testing.T) {
	t.Helper()
	expectNoProcess(t, k.processes)
	expectUntouched(t)
	if left, err := os.ReadDir(k.tmp); err != nil || len(left) > 0 {
		t.Errorf("left in TMPDIR: %v, %v", left, err)
	}
}

// expectUntouched wants nothing of a rehearsal in this machine's own mounts and interfaces, neither during nor after it.
func expectUntouched(t *testing.T) {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		if strings.Contains(line, " ramfs rehearsal ") {
			t.Errorf("mounted: %s", line)
		}
	}
	interfaces, err := net.Interfaces()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if i.Name == "rehearsal" || strings.HasPrefix(i.Name, "port") {
			t.Errorf("interface %s is here", i.Name)
		}
	}
}

// expectNoProcess waits until none of the processes exists; after SIGKILL of the parent nobody else can wait for them.
func expectNoProcess(t *testing.T, pids []int) {
	t.Helper()
	for _, pid := range pids {
		for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
			state, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
			if err != nil || bytes.Contains(state, []byte(") Z ")) {
				break
			}
			if time.Now().After(deadline) {
				t.Errorf("process %d is still there: %s", pid, state)
				break
			}
		}
	}
}

func children(t *testing.T, parent int) []int {
	t.Helper()
	var pids []int
	for _, pid := range processes(t) {
		stat, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(stat), ") ")
		if fields := strings.Fields(after); len(fields) > 1 && fields[1] == strconv.Itoa(parent) {
			pids = append(pids, pid)
		}
	}
	return pids
}

func processes(t *testing.T) []int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for _, e := range entries {
		if pid, err := strconv.Atoi(e.Name()); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// artefacts generates a cluster in a folder of its own.
func artefacts(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	spec := filepath.Join(dir, "cluster.yaml")
	const members = `name: test
members:
  - {name: master1, address: 10.140.0.2}
  - {name: master2, address: 10.141.0.3}
  - {name: master3, address: master3.etcd.example.com}
`
	if err := os.WriteFile(spec, []byte(members), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err := generator.Generate(t.Context(), generator.Options{
		Spec: spec, PKI: filepath.Join(dir, "pki"), Out: filepath.Join(dir, "out"), Clock: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// copyForAll copies the artefacts, and the executable, to where everybody can read them: a test's own folders are private.
func copyForAll(t *testing.T, dir string) string {
	t.Helper()
	public, err := os.MkdirTemp("/tmp", "etcdbake-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(public) })
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"cp", "-r", filepath.Join(dir, "out"), filepath.Join(dir, "pki"), public},
		{"cp", self, filepath.Join(public, "etcdbake-rehearse")},
		{"chmod", "-R", "a+rX", public},
	} {
		if out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", args, err, out)
		}
	}
	return public
}

func edit(t *testing.T, path, old, new string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(content, []byte(old)) {
		t.Fatalf("no %q in %s: %v", old, path, err)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(content, []byte(old), []byte(new)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func lookPath(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skip(err)
	}
	return path
}

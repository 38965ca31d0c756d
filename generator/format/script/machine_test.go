package script

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// The scripts run here without root and without systemd: /run is a folder of the test's, and id and systemctl are stand-ins.
// test/e2e runs them as they are, on hosts.

// shells are the ones that a host's /bin/sh may be.
func shells() [][]string { return [][]string{{"dash"}, {"busybox", "sh"}, {"bash", "--posix"}} }

// eachShell runs a test with every shell that is here.
func eachShell(t *testing.T, run func(t *testing.T, shell []string)) {
	for _, shell := range shells() {
		t.Run(shell[0], func(t *testing.T) {
			if _, err := exec.LookPath(shell[0]); err != nil {
				t.Skipf("no %s here", shell[0])
			}
			t.Parallel()
			run(t, shell)
		})
	}
}

// machine is a folder that a script takes for a host.
type machine struct{ dir string }

func newMachine(t testing.TB) machine {
	t.Helper()
	m := machine{t.TempDir()}
	for _, dir := range []string{"run/systemd/system", "bin"} {
		if err := os.MkdirAll(filepath.Join(m.dir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	m.command(t, "id", "echo 0")
	m.command(t, "systemctl", `[ "$1" != --version ] || echo 'systemd 244 (244.1-1)'; echo "$*" >>`+m.dir+"/calls\n"+
		`[ "$1" != cat ] || [ -e `+m.dir+`/image ]`)
	return m
}

// command puts a shell script into the host's PATH.
func (m machine) command(t testing.TB, name, script string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, "bin", name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
}

// host returns a plan of files below the folder.
func (m machine) host(files ...plan.File) plan.Host {
	for i := range files {
		files[i].Path = m.dir + files[i].Path
	}
	return plan.Host{
		Cluster:     "k8s-etcd",
		Name:        "master1",
		Directories: []plan.Directory{{Path: m.dir + "/etc/etcd", Mode: 0o755}, {Path: m.dir + "/etc/etcd/ssl", Mode: 0o700}},
		Files:       files,
		Unit:        "first-boot.service",
		Done:        m.dir + "/var/lib/etcdbake/done",
		ID:          "0123456789ab",
		Mark:        m.dir + "/var/lib/etcd/member/etcdbake",
		Owner:       "master1 of k8s-etcd",
	}
}

// script returns the plan's script, made for the folder instead of the whole system.
func (m machine) script(t testing.TB, host plan.Host, form Form) []byte {
	t.Helper()
	head, rest, found := bytes.Cut(encode(t, host, Readable), []byte("main() {"))
	if !found {
		t.Fatal("the script has no such part any more")
	}
	head = bytes.ReplaceAll(head, []byte("PATH=/usr/local/sbin:"), []byte("PATH="+m.dir+"/bin:/usr/local/sbin:"))
	head = bytes.ReplaceAll(head, []byte("=/run"), []byte("="+m.dir+"/run"))
	head = bytes.ReplaceAll(head, []byte(" /run"), []byte(" "+m.dir+"/run"))
	script := append(append(head, "main() {"...), rest...)
	if form == Readable {
		return script
	}
	packed, err := pack(host, script)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.ReplaceAll(packed, []byte("=/run"), []byte("="+m.dir+"/run"))
}

// write makes a file on the host.
func (m machine) write(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run gives a script to a shell on its standard input, as ssh does.
func run(script []byte, shell []string) (string, error) {
	cmd := exec.Command(shell[0], shell[1:]...)
	cmd.Stdin = bytes.NewReader(script)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// state is all that a run may change but the folder's own bin: contents, modes, times and inodes.
func (m machine) state(t testing.TB) map[string]string {
	t.Helper()
	state := map[string]string{}
	err := filepath.WalkDir(filepath.Join(m.dir, "etc"), func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return nil // there is no etc yet
		}
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		var content []byte
		if info.Mode().IsRegular() {
			content, err = os.ReadFile(path)
		}
		state[path] = fmt.Sprint(info.Mode(), info.ModTime(), info.Sys().(*syscall.Stat_t).Ino, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// calls are what systemctl was asked for since the last time.
func (m machine) calls(t testing.TB) []string {
	t.Helper()
	path := filepath.Join(m.dir, "calls")
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(content)), "\n")
}

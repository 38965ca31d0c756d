package packer

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
)

// local is a communicator to this machine, which starts each command in a session of its own, as sshd does.
type local struct {
	packersdk.Communicator // the methods that we do not use
}

func (local) Start(_ context.Context, remote *packersdk.RemoteCmd) error {
	cmd := exec.Command("sh", "-c", remote.Command)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = remote.Stdin, remote.Stdout, remote.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	go func() {
		_ = cmd.Wait() // the exit status says it
		remote.SetExited(cmd.ProcessState.ExitCode())
	}()
	return nil
}

func (local) Upload(path string, content io.Reader, _ *os.FileInfo) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, content)
	return errors.Join(err, f.Close())
}

// newUI returns a UI and what was said there, to be read when nothing speaks any more.
func newUI() (packersdk.Ui, *bytes.Buffer) {
	var said bytes.Buffer
	return &packersdk.BasicUi{Writer: &said, ErrorWriter: &said, PB: &packersdk.NoopProgressTracker{}}, &said
}

// newGuest returns this machine as a guest, without root, and what is said on its UI.
func newGuest(ctx context.Context, t *testing.T) (*guest, *bytes.Buffer) {
	t.Helper()
	p, err := prepared(t, `remote_folder = "`+t.TempDir()+`"`+"\nexecute_command = \"/bin/sh {{ .Path }}\"")
	if err != nil {
		t.Fatal(err)
	}
	ui, said := newUI()
	g, err := probe(ctx, ui, local{}, &p.config, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := g.open(ctx); err != nil {
		t.Fatal(err)
	}
	return g, said
}

// script uploads and runs a script of the test's own.
func (g *guest) script(ctx context.Context, t *testing.T, text string) error {
	t.Helper()
	if err := g.put(ctx, "script", strings.NewReader(g.preamble()+text)); err != nil {
		t.Fatal(err)
	}
	return g.run(ctx, "script", g.indent)
}

func TestTheGuestIsAsked(t *testing.T) {
	g, _ := newGuest(t.Context(), t)
	if g.arch != runtime.GOARCH || g.sudo != (os.Getuid() != 0) {
		t.Errorf("arch %s, sudo %v", g.arch, g.sudo)
	}
	if info, err := os.Stat(g.folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder: %v, %v", info, err)
	}
	g.config.Arch = map[string]string{"amd64": "arm64", "arm64": "amd64"}[g.arch]
	_, err := probe(t.Context(), g.ui, local{}, g.config, nil)
	want := "the guest is " + g.arch + ", but arch is " + g.config.Arch + "\nhint: remove arch, or use another source image"
	if err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestWhatAScriptPrintsIsShownLineByLine(t *testing.T) {
	g, said := newGuest(t.Context(), t)
	err := g.script(t.Context(), t, "echo one; echo; printf 'two\\r\\nlast'; exit 3")
	if err == nil || err.Error() != "exit status 3" {
		t.Errorf("%v", err)
	}
	if diff := cmp.Diff("    one\n    two\n    last\n", said.String()); diff != "" {
		t.Error(diff)
	}
	if err := g.close(t.Context(), nil); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(g.folder); err == nil {
		t.Errorf("%s is still there", g.folder)
	}
}

func TestACancelledBuildEndsWhatRunsOnTheGuest(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g, said := newGuest(ctx, t)
	pids := filepath.Join(t.TempDir(), "pids")
	ended := make(chan error, 1)
	go func() {
		ended <- g.script(ctx, t, "sleep 1000 & echo $$ $! >"+pids+".new; mv "+pids+".new "+pids+"; wait; echo late")
	}()
	eventually(t, func() bool { _, err := os.Stat(pids); return err == nil })
	cancel()
	if err := g.close(ctx, <-ended); !errors.Is(err, context.Canceled) || err.Error() != "context canceled" {
		t.Errorf("%v", err)
	}
	started, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	for _, pid := range strings.Fields(string(started)) {
		eventually(t, func() bool { return !alive(pid) })
	}
	if _, err := os.Stat(g.folder); err == nil {
		t.Errorf("%s is still there", g.folder)
	}
	if said.Len() > 0 {
		t.Errorf("said: %s", said)
	}
}

// alive tells whether a process runs; a zombie that nobody has waited for does not.
func alive(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}

func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("it does not happen")
		}
	}
}

func TestAnUploadStopsWhenTheBuildIsCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	g, _ := newGuest(ctx, t)
	r, w := io.Pipe()
	defer w.Close()
	ended := make(chan error, 1)
	go func() { ended <- g.put(ctx, "endless", r) }()
	if _, err := w.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTheErrorOfASealHasAllThatWasFound(t *testing.T) {
	g, said := newGuest(t.Context(), t)
	for script, want := range map[string]string{
		"exit 0": "",
		"echo found /a: x; echo warning /b: y; echo found /c d: z; exit 1": "the image must not hold what was found:\n" +
			"  /a: x\n  /c d: z\nhint: remove it in a provisioner before this one, or do not put it there",
		"exit 7": "looking for what an image must not hold: exit status 7",
	} {
		if err := g.put(t.Context(), sealName, strings.NewReader(script)); err != nil {
			t.Fatal(err)
		}
		if err := g.seal(t.Context(), sealName); err == nil && want != "" || err != nil && err.Error() != want {
			t.Errorf("%s: %v", script, err)
		}
	}
	if said.String() != "    warning /b: y\n" {
		t.Errorf("said: %s", said)
	}
}

func TestAFailedBuildLeavesNothing(t *testing.T) {
	folder := t.TempDir()
	p, err := prepared(t, `remote_folder = "`+folder+`"`+"\nexecute_command = \"echo no >&2; false {{ .Path }}\"")
	if err != nil {
		t.Fatal(err)
	}
	ui, said := newUI()
	err = p.Provision(t.Context(), ui, local{}, nil)
	if want := "waiting for cloud-init on the guest: exit status 1"; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
	if left, _ := os.ReadDir(folder); len(left) > 0 || said.String() != "no\n" {
		t.Errorf("left %v, said %s", left, said)
	}
}

func TestACommandThatOutlivesItsBuildSpeaksToNobody(t *testing.T) {
	var said []string
	l := &lines{say: func(line string) { said = append(said, line) }}
	l.Write([]byte("one\ntw"))
	l.Write([]byte("o\nthree"))
	l.end()
	l.Write([]byte("late\n"))
	if diff := cmp.Diff([]string{"one", "two", "three"}, said); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutCleaningTheSealIsLenient(t *testing.T) {
	g, _ := newGuest(t.Context(), t)
	layout, _, err := g.config.layout("amd64")
	if err != nil {
		t.Fatal(err)
	}
	for clean, want := range map[config.Trilean]string{config.TriTrue: "set -- strict\n", config.TriFalse: "set -- lenient\n"} {
		g.config.Clean = clean
		scripts, err := g.scripts(layout, false)
		if err != nil || !strings.Contains(scripts[sealName], want) || !strings.Contains(scripts[unusedName], "set -- unused\n") {
			t.Errorf("clean %v, %v: %.300s", clean, err, scripts[sealName])
		}
	}
}

func TestTheInstallScript(t *testing.T) {
	g, _ := newGuest(t.Context(), t)
	layout, _, err := g.config.layout("amd64")
	if err != nil {
		t.Fatal(err)
	}
	g.folder = "/tmp/a b"
	want := `umask 022
install -D -m 0644 '/tmp/a b/file0' /etc/etcdbake/first-boot
install -D -m 0644 '/tmp/a b/file1' /etc/systemd/system/etcdbake-first-boot.service
install -D -m 0644 '/tmp/a b/file2' /etc/systemd/system/etcd.service
install -D -m 0644 '/tmp/a b/file3' /etc/profile.d/etcdctl.sh
install -D -m 0644 '/tmp/a b/file4' /etc/systemd/system/etcd.service.d/image.conf
install -D -m 0644 '/tmp/a b/etcd.tar.gz' /var/cache/etcdbake/etcd.tar.gz
/bin/sh /etc/etcdbake/first-boot install '/tmp/a b/install.env'
`
	if diff := cmp.Diff(want, g.installScript(layout, true)); diff != "" {
		t.Error(diff)
	}
	if strings.Contains(g.installScript(layout, false), "tar.gz") {
		t.Error("there is no tarball to install")
	}
}

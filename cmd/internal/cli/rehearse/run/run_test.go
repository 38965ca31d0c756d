//go:build linux

package run_test

import (
	"bufio"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	rehearsecmd "github.com/etcdbake/etcdbake/cmd/internal/cli/rehearse"
	"github.com/etcdbake/etcdbake/cmd/internal/cli/rehearse/run"
	"github.com/etcdbake/etcdbake/generator/rehearse"
	"github.com/etcdbake/etcdbake/tools/etcdbin"
	"github.com/etcdbake/etcdbake/verify/report"
)

// asCommand in the environment makes the test's executable etcdbake-rehearse.
const asCommand = "ETCDBAKE_TEST_REHEARSE"

func TestMain(m *testing.M) {
	rehearse.Child()
	if os.Getenv(asCommand) != "" {
		os.Exit(cli.Run(rehearsecmd.Command("etcdbake-rehearse", run.Run), os.Args[1:], cli.System()))
	}
	os.Exit(m.Run())
}

func TestARehearsalPrintsOneReportAndPasses(t *testing.T) {
	t.Parallel()
	dir := artefacts(t)
	var r report.Report
	stdout, stderr, code := command(t, dir, "--output", "json").run(t)
	if err := json.Unmarshal(stdout, &r); err != nil {
		t.Fatalf("stdout is no report: %v\n%s", err, stdout)
	}
	if code != cli.ExitOK || r.Verdict != report.Pass || len(r.Members) != 3 {
		t.Errorf("exit %d, verdict %s\n%s", code, r.Verdict, stderr)
	}
	stdout, _, code = command(t, dir).run(t)
	if code != cli.ExitOK || !strings.Contains(string(stdout), "master3") || !strings.Contains(string(stdout), "PASS") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}

func TestABrokenMemberIsExit1WithItsNameAndLog(t *testing.T) {
	t.Parallel()
	dir := artefacts(t)
	edit(t, filepath.Join(dir, "out/user-data/master2.yaml"), `ETCD_HEARTBEAT_INTERVAL="100"`, `ETCD_HEARTBEAT_INTERVAL="soon"`)
	stdout, stderr, code := command(t, dir).run(t)
	if code != cli.ExitFailed || !strings.Contains(string(stdout), "FAIL") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	for _, want := range []string{"\nmaster2: its etcd ended with exit code 1\nthe last of its log:\n", "invalid value"} {
		if !strings.Contains(string(stderr), want) {
			t.Errorf("stderr lacks %q\n%s", want, stderr)
		}
	}
}

func TestWrongUsageIsExit2(t *testing.T) {
	t.Parallel()
	dir := artefacts(t)
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no artefacts": {[]string{"--out", "none"}, "etcdbake-rehearse: reading the expectation: open none/expect.json: no such file or directory\n" +
			"make the artefacts first: etcdbake generate; or name their folders with --out and --pki\n"},
		"no pki": {[]string{"--pki", "none"}, "etcdbake-rehearse: the credentials to verify with: open none/ca.pem: no such file or directory\n" +
			"make the artefacts first: etcdbake generate; or name their folders with --out and --pki\n"},
		"no etcd":  {[]string{"--etcd", "none"}, "etcdbake-rehearse: --etcd none: no etcd to rehearse with: open none: no such file or directory\n"},
		"output":   {[]string{"--output", "xml"}, "etcdbake-rehearse: --output \"xml\" is not one of table, json\n"},
		"timeout":  {[]string{"--timeout", "0s"}, "etcdbake-rehearse: --timeout 0s is not positive\n"},
		"argument": {[]string{"now"}, "etcdbake-rehearse: unexpected argument \"now\"\nsee etcdbake-rehearse --help\n"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, stderr, code := command(t, dir, c.args...).run(t)
			if code != cli.ExitUsage || len(stdout) > 0 {
				t.Errorf("exit %d\n%s", code, stdout)
			}
			if diff := cmp.Diff(c.want, string(stderr)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestAMachineThatRefusesNamespacesIsExit3(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to lower the number of namespaces in a user namespace of its own")
	}
	c := command(t, artefacts(t))
	script := `echo 0 > /proc/sys/user/max_user_namespaces && exec "$0" "$@"`
	c.Args = append([]string{"unshare", "--user", "--map-root-user", "--mount", "sh", "-c", script, c.Path}, c.Args[1:]...)
	c.Path = lookPath(t, "unshare")
	stdout, stderr, code := c.run(t)
	const want = "etcdbake-rehearse: cannot rehearse on this machine: the kernel refuses a user namespace: no space left on device\n" +
		"User namespaces are switched off here. Allow them:\n  sudo sysctl -w user.max_user_namespaces=10000\n"
	if code != cli.ExitUndetermined || len(stdout) > 0 || string(stderr) != want {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestSomeoneWithoutAnyRightsCanRehearse(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root, to become somebody else; the other tests run without rights already")
	}
	c := command(t, copyForAll(t, artefacts(t)))
	c.Path = filepath.Join(c.Dir, "etcdbake-rehearse")
	const nobody = 65534
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	stdout, stderr, code := c.run(t)
	if code != cli.ExitOK || !strings.Contains(string(stdout), "PASS") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestKeepGivesAWorkingEtcdctlAndCtrlCEndsIt(t *testing.T) {
	t.Parallel()
	kept := keep(t, command(t, artefacts(t), "--keep"))
	etcdctl := etcdbin.Need(t, "3.6.14").Etcdctl
	shell := exec.CommandContext(t.Context(), "sh", "-c", kept.line)
	shell.Env = append(os.Environ(), "PATH="+filepath.Dir(etcdctl)+":"+os.Getenv("PATH"))
	out, err := shell.CombinedOutput()
	if err != nil || strings.Count(string(out), "started") != 3 {
		t.Errorf("%s\n%v\n%s", kept.line, err, out)
	}
	kept.signal(t, os.Interrupt)
	if code := kept.wait(); code != cli.ExitOK {
		t.Errorf("exit %d after Ctrl-C", code)
	}
	kept.expectNothingLeft(t)
}

func TestNothingIsLeftHoweverItEnds(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGKILL": os.Kill} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			kept := keep(t, command(t, artefacts(t), "--keep"))
			kept.signal(t, sig)
			kept.wait()
			kept.expectNothingLeft(t)
		})
	}
	t.Run("killed at any moment", func(t *testing.T) {
		t.Parallel()
		for delay := 5 * time.Millisecond; delay < 2*time.Second; delay = delay * 5 / 3 {
			c := command(t, artefacts(t))
			if err := c.Start(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(delay)
			stages := children(t, c.Process.Pid)
			_ = c.Process.Kill()
			_ = c.Wait()
			expectNoProcess(t, stages)
			expectUntouched(t)
		}
	})
}

func TestCtrlCDuringTheBootLeavesNothing(t *testing.T) {
	t.Parallel()
	c := command(t, artefacts(t))
	stderr, err := c.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stderr)
	lines.Scan()
	skipIfRefused(t, lines.Text())
	stages := children(t, c.Process.Pid)
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	var last string
	for lines.Scan() {
		last = lines.Text()
	}
	_ = c.Wait()
	if code := c.ProcessState.ExitCode(); code != cli.ExitFailed || last != "etcdbake-rehearse: interrupted; nothing is left of the rehearsal" {
		t.Errorf("exit %d, %q", code, last)
	}
	expectNoProcess(t, stages)
	expectUntouched(t)
}

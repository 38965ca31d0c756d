package verify_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/report"
)

// command is the real etcd-verify with the cluster's credentials in etcdctl's variables.
func command(t *testing.T, c *etcdtest.Cluster, args ...string) *exec.Cmd {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "etcd-verify")
	if out, err := exec.Command("go", "build", "-o", binary, "../cmd/etcd-verify").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(binary, args...)
	cmd.Env = append(os.Environ(), c.Env(c.Verifier)...)
	return cmd
}

func TestTheCommandVerifiesWithTheVariablesOfEtcdctl(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 3)
	c.Start()
	cmd := command(t, c, "--cluster", "--output", "json")
	cmd.Env = append(cmd.Env, "ETCDCTL_ENDPOINTS="+c.Endpoints()[0])
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, stderr %q, stdout %s", err, stderr.String(), stdout.String())
	}
	for _, m := range c.Members {
		if !bytes.Contains(stdout.Bytes(), []byte(`"name": "`+m.Name+`"`)) {
			t.Errorf("%s is not in the report", m.Name)
		}
	}
}

func TestASignalEndsTheCommandWithThreeAndNoDocument(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 3)
	c.Start()
	c.Members[2].Signal(syscall.SIGSTOP)
	cmd := command(t, c)
	cmd.Args = append(cmd.Args, "--timeout", "1m", "--endpoints", c.Endpoints()[0]+","+c.Endpoints()[2])
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.AfterFunc(500*time.Millisecond, func() { cmd.Process.Signal(os.Interrupt) })
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("%v, want exit 3", err)
	}
	want := "etcd-verify: stopped before the end (interrupt signal received): nothing can be told\n"
	if stdout.Len() > 0 || stderr.String() != want {
		t.Errorf("stdout %q, stderr %q, want only %q", stdout.String(), stderr.String(), want)
	}
	noCanary(t, c)
}

func TestWatchingWritesAReportPerLineUntilItIsStopped(t *testing.T) {
	t.Parallel()
	c := newCluster(t, "3.6.14", 3)
	c.Start()
	cmd := command(t, c, "--watch", "10ms", "-o", "json", "--endpoints", strings.Join(c.Endpoints(), ","))
	stdout, err := cmd.StdoutPipe()
	must(t, err)
	must(t, cmd.Start())
	lines := bufio.NewScanner(stdout)
	lines.Buffer(nil, 1<<20)
	for range 3 {
		var r verify.Report
		if !lines.Scan() {
			t.Fatalf("no further line: %v", lines.Err())
		}
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil || r.Verdict != report.Pass {
			t.Errorf("%v: %s", err, lines.Bytes())
		}
	}
	cmd.Process.Signal(os.Interrupt)
	for lines.Scan() { // what is under way when the signal comes
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v, want the exit code of the last report", err)
	}
	noCanary(t, c)
}

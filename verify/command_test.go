package verify_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
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
	cmd.Env = os.Environ()
	for name, data := range map[string][]byte{
		"ETCDCTL_CACERT": c.CA.PEM, "ETCDCTL_CERT": c.Verifier.CertPEM, "ETCDCTL_KEY": c.Verifier.KeyPEM,
	} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd.Env = append(cmd.Env, name+"="+path)
	}
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

package kill_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/internal/commands"
)

// Enough clusters to be interrupted in the middle, and how often that is tried.
const (
	clustersOfFleet = 60
	rounds          = 6
)

// However a fleet ends, what it has begun is whole or can be completed, and the next run does the rest.
func TestAFleetThatWasEndedIsCompletedByTheNext(t *testing.T) {
	bin := filepath.Join(commands.Build(t, "etcdbake"), "etcdbake")
	duration := newFleet(t, bin).measure(t)
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			begun, ended := 0, 0
			for range rounds {
				w := newFleet(t, bin)
				ended += w.end(t, signal, time.Duration(rand.Int64N(int64(duration))))
				cas := map[string][]byte{}
				for i := range clustersOfFleet {
					one := w.cluster(t, i)
					whole := one.isWhole()
					if signal == syscall.SIGINT && !whole && one.isThere() {
						t.Errorf("%s is neither whole nor untouched", one.dir)
					}
					if whole {
						begun++
					}
					for path, content := range one.completeCAs(t) {
						cas[fmt.Sprintf("%d %s", i, path)] = content
					}
				}
				workspace{dir: w.dir}.checkSecretsAreClosed(t)
				w.generateFleet(t)
				workspace{dir: w.dir}.checkSecretsAreClosed(t)
				for i := range clustersOfFleet {
					one := w.cluster(t, i)
					one.checkPKI(t, map[string]string{"m1": "10.140.0.2", "m2": "10.140.0.3"})
					for path, content := range one.completeCAs(t) {
						if before := cas[fmt.Sprintf("%d %s", i, path)]; before != nil && !bytes.Equal(before, content) {
							t.Errorf("%s of cluster %d was replaced", path, i)
						}
					}
				}
				if t.Failed() {
					t.FailNow()
				}
			}
			t.Logf("%d of %d hit a running process of %v; it left %d of %d clusters whole", ended, rounds, duration, begun, rounds*clustersOfFleet)
		})
	}
}

// fleetSpace is a folder with clusters/, pki/ and out/.
type fleetSpace struct{ dir, bin string }

func newFleet(t *testing.T, bin string) fleetSpace {
	t.Helper()
	w := fleetSpace{t.TempDir(), bin}
	if err := os.Mkdir(filepath.Join(w.dir, "clusters"), 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range clustersOfFleet {
		spec := fmt.Sprintf("name: c%d\nmembers:\n  - {name: m1, address: 10.140.0.2}\n  - {name: m2, address: 10.140.0.3}\n", i)
		if err := os.WriteFile(filepath.Join(w.dir, "clusters", fmt.Sprintf("%d.yaml", i)), []byte(spec), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

func (w fleetSpace) command() *exec.Cmd {
	cmd := exec.Command(w.bin, "generate", "-f", "clusters", "-o", "json")
	cmd.Dir = w.dir
	return cmd
}

func (w fleetSpace) generateFleet(t *testing.T) {
	t.Helper()
	if out, err := w.command().CombinedOutput(); err != nil {
		t.Fatalf("the next run: %v\n%s", err, out)
	}
}

func (w fleetSpace) measure(t *testing.T) time.Duration {
	start := time.Now()
	w.generateFleet(t)
	return time.Since(start)
}

// end sends the signal to a run after a time, and returns 1 where that ended it.
func (w fleetSpace) end(t *testing.T, signal syscall.Signal, after time.Duration) int {
	t.Helper()
	var said bytes.Buffer
	cmd := w.command()
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	if err := cmd.Process.Signal(signal); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	err := cmd.Wait()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	switch {
	case err == nil:
		return 0
	case status.Signaled(): // SIGINT too, before the command has asked for it
		return 1
	case signal == syscall.SIGINT && status.ExitStatus() == 1 && strings.HasPrefix(said.String(), "etcdbake: interrupted: "):
		return 1
	}
	t.Fatalf("the run failed by itself: %v\n%s", err, &said)
	return 0
}

// cluster is one cluster's part as a workspace of its own, outside w, with a link to its PKI.
func (w fleetSpace) cluster(t *testing.T, i int) clusterSpace {
	t.Helper()
	c := clusterSpace{workspace{dir: t.TempDir()}, w.dir, fmt.Sprintf("c%d", i)}
	if err := os.Symlink(filepath.Join(w.dir, "pki", c.name), filepath.Join(c.dir, "pki")); err != nil {
		t.Fatal(err)
	}
	return c
}

type clusterSpace struct {
	workspace
	top, name string
}

func (c clusterSpace) isThere() bool {
	for _, folder := range []string{"pki", "out"} {
		if _, err := os.Lstat(filepath.Join(c.top, folder, c.name)); err == nil {
			return true
		}
	}
	return false
}

func (c clusterSpace) isWhole() bool {
	for _, path := range []string{"pki/" + c.name + "/clients/verify.pem", "out/" + c.name + "/expect.json"} {
		if _, err := os.Lstat(filepath.Join(c.top, path)); err != nil {
			return false
		}
	}
	for _, left := range []string{".staging", ".commit"} {
		if _, err := os.Lstat(filepath.Join(c.top, "pki", c.name, left)); err == nil {
			return false
		}
	}
	return true
}

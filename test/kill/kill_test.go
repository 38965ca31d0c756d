// Package kill_test ends whole etcdbake processes with SIGKILL while they work, and sees what the next one makes of it.
package kill_test

import (
	"bytes"
	"errors"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/internal/commands"
)

const (
	threeMembers = `name: kill
members:
  - {name: master1, address: 10.140.0.2}
  - {name: master2, address: 10.140.0.3}
  - {name: master3, address: 10.140.0.4}
`
	// masters 1 and 3 as they were, 2 moved, 4 new
	movedAndGrown = `name: kill
members:
  - {name: master1, address: 10.140.0.2}
  - {name: master2, address: 10.140.0.33}
  - {name: master3, address: 10.140.0.4}
  - {name: master4, address: 10.140.0.5}
`
)

// A scenario is a generate that is killed, and what was there before it.
type scenario struct {
	name    string
	before  string // the spec of a finished generate before it; empty for none
	spec    string
	args    []string
	members map[string]string // name to address, afterwards
	keeps   []string          // files of pki/ that must be the same after as before
	kills   int               // that hit the process while it runs
}

var scenarios = []scenario{
	{
		name: "from nothing", spec: threeMembers, kills: 100,
		members: map[string]string{"master1": "10.140.0.2", "master2": "10.140.0.3", "master3": "10.140.0.4"},
	},
	{
		name: "one member moved and one new", before: threeMembers, spec: movedAndGrown, kills: 50,
		members: map[string]string{
			"master1": "10.140.0.2", "master2": "10.140.0.33", "master3": "10.140.0.4", "master4": "10.140.0.5",
		},
		keeps: []string{
			"ca.pem", "ca-key.pem", "peer-ca.pem", "peer-ca-key.pem", "clients/verify.pem", "clients/verify-key.pem",
			"members/master1/server.pem", "members/master1/server-key.pem",
			"members/master3/peer.pem", "members/master3/peer-key.pem",
		},
	},
	{
		name: "every leaf renewed", before: threeMembers, spec: threeMembers, args: []string{"--renew", "all"}, kills: 50,
		members: map[string]string{"master1": "10.140.0.2", "master2": "10.140.0.3", "master3": "10.140.0.4"},
		keeps:   []string{"ca.pem", "ca-key.pem", "peer-ca.pem", "peer-ca-key.pem"},
	},
}

func TestGenerateMendsWhatAKilledOneLeft(t *testing.T) {
	bin := filepath.Join(commands.Build(t, "etcdbake"), "etcdbake")
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) { s.run(t, bin) })
	}
}

func (s scenario) run(t *testing.T, bin string) {
	template := t.TempDir()
	if s.before != "" {
		w := workspace{dir: template, bin: bin}
		w.writeSpec(t, s.before)
		w.generate(t)
	}
	fresh := func() workspace {
		w := workspace{dir: filepath.Join(t.TempDir(), "w"), bin: bin}
		if out, err := exec.Command("cp", "-a", template, w.dir).CombinedOutput(); err != nil {
			t.Fatalf("copying %s: %v\n%s", template, err, out)
		}
		w.writeSpec(t, s.spec)
		return w
	}

	untilNow := fresh().list(t)
	// An undisturbed run says how long the others take, and which files there are in the end.
	undisturbed := fresh()
	start := time.Now()
	undisturbed.generate(t, s.args...)
	duration := time.Since(start)
	files := undisturbed.list(t)

	var hits, missed, untouched, torn, whole int
	seed := uint64(time.Now().UnixNano())
	random := rand.New(rand.NewPCG(seed, 0))
	for hits < s.kills {
		w := fresh()
		before := w.read(t, s.keeps...)
		instant := time.Duration(random.Int64N(int64(duration)))
		if !w.kill(t, instant, s.args...) {
			if missed++; missed > 10*s.kills {
				t.Fatalf("only %d of %d kills hit a running process", hits, hits+missed)
			}
		} else {
			hits++
		}
		switch left := w.list(t); {
		case slices.Equal(left, files):
			whole++
		case slices.Equal(left, untilNow):
			untouched++
		default:
			torn++
		}
		w.checkSecretsAreClosed(t)
		maps.Copy(before, w.completeCAs(t))

		w.generate(t)
		w.checkSecretsAreClosed(t)
		w.checkPKI(t, s.members)
		for path, want := range before {
			if !bytes.Equal(w.read(t, path)[path], want) {
				t.Errorf("%s was replaced", path)
			}
		}
		if got := w.list(t); !slices.Equal(got, files) {
			t.Errorf("files afterwards:\n%q\nwant\n%q", got, files)
		}
		w.checkOutIsWhatPKISays(t)
		if t.Failed() {
			t.Fatalf("killed after %v of %v (seed %d); %s is kept", instant, duration, seed, keep(t, w.dir))
		}
	}
	t.Logf("%d of %d kills hit generate while it ran (%v); they left pki/ and out/ untouched %d times, torn %d, whole %d",
		hits, hits+missed, duration.Round(time.Millisecond), untouched, torn, whole)
}

// A workspace is a folder with cluster.yaml, pki/ and out/.
type workspace struct{ dir, bin string }

func (w workspace) writeSpec(t *testing.T, content string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(w.dir, "cluster.yaml"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (w workspace) command(args ...string) *exec.Cmd {
	cmd := exec.Command(w.bin, append([]string{"generate"}, args...)...)
	cmd.Dir = w.dir
	return cmd
}

// generate runs etcdbake generate to its end, which must be a success.
func (w workspace) generate(t *testing.T, args ...string) {
	t.Helper()
	if out, err := w.command(args...).CombinedOutput(); err != nil {
		t.Fatalf("generate %v in %s: %v\n%s", args, keep(t, w.dir), err, out)
	}
}

// kill starts etcdbake generate and kills it after the given time. It tells whether the process was still running.
func (w workspace) kill(t *testing.T, after time.Duration, args ...string) bool {
	t.Helper()
	cmd := w.command(args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(after)
	if err := cmd.Process.Signal(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
		t.Fatal(err)
	}
	err := cmd.Wait()
	status := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if err != nil && !status.Signaled() {
		t.Fatalf("generate that was to be killed failed by itself: %v", err)
	}
	return status.Signaled()
}

// keep moves dir out of the test's own folders, to be looked at.
func keep(t *testing.T, dir string) string {
	t.Helper()
	kept, err := os.MkdirTemp("", "etcdbake-kill-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(dir, filepath.Join(kept, "w")); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(kept, "w")
}

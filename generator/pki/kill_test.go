package pki_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/spec"
)

// The test binary is also the process that is killed: with childDir set it does what etcdbake does with that folder.
const (
	childDir   = "ETCDBAKE_TEST_PKI"
	childMoved = "ETCDBAKE_TEST_MOVED" // if set, master2 has another address
)

func TestMain(m *testing.M) {
	dir := os.Getenv(childDir)
	if dir == "" {
		os.Exit(m.Run())
	}
	if err := child(dir, os.Getenv(childMoved) != ""); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func child(dir string, moved bool) error {
	store, err := pki.Open(dir, pki.Options{Clock: pkitest.Clock})
	if err != nil {
		return err
	}
	defer store.Close()
	_, _, err = store.Ensure(context.Background(), killCluster(moved))
	return err
}

func killCluster(moved bool) *spec.Cluster {
	c := pkitest.Cluster()
	if moved {
		c.Members[1].Address = "10.140.0.9"
	}
	return c
}

func command(dir string, moved bool) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childDir+"="+dir)
	if moved {
		cmd.Env = append(cmd.Env, childMoved+"=yes")
	}
	return cmd
}

// scenario is a folder to begin with, and how often the process that works on it is killed: at an instant from its start to
// past its end, or soon after it has locked the folder.
type scenario struct {
	name   string
	kills  int
	moved  bool
	locked bool
	begin  func(t *testing.T) string
}

// soon is some three times as long as it takes to move a committed run's files into place.
const soon = 10 * time.Millisecond

// After kill -9 at any instant, and kill -9 of the run that cleans up, the next run has a complete and consistent PKI; what
// was complete is the same to the byte.
func TestAKilledRunIsMadeWholeByTheNext(t *testing.T) {
	for _, s := range []scenario{
		{"fresh", 100, false, false, func(t *testing.T) string { return filepath.Join(t.TempDir(), "pki") }},
		{"re-issue", 50, true, false, func(t *testing.T) string { return pkitest.Dir(t) }},
		{"roll forward", 50, false, true, committed},
	} {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			duration := s.measure(t)
			hits := map[string]int{}
			for range s.kills {
				dir := s.begin(t)
				original := snapshot(t, dirOrEmpty(t, dir))
				if s.locked {
					hits[s.kill(t, dir, soon, true)]++
				} else {
					hits[s.kill(t, dir, duration, false)]++
				}
				if rand.N(2) == 0 {
					s.kill(t, dir, duration, false)
				}
				s.check(t, dir, original)
				if t.Failed() {
					break
				}
			}
			t.Logf("%d kills; a whole process takes about %v; when it was killed it was: %v", s.kills, duration*4/5, hits)
		})
	}
}

// measure returns the time in which to kill: a quarter more than a whole process takes.
func (s scenario) measure(t *testing.T) time.Duration {
	t.Helper()
	var all []time.Duration
	for range 5 {
		cmd := command(s.begin(t), s.moved)
		begin := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		all = append(all, time.Since(begin))
	}
	slices.Sort(all)
	return all[len(all)/2] * 5 / 4
}

// kill runs the process, kills it at a random instant, and says where that was.
func (s scenario) kill(t *testing.T, dir string, within time.Duration, locked bool) string {
	t.Helper()
	cmd := command(dir, s.moved)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); locked && !exists(dir, ".lock"); {
		if time.Now().After(deadline) {
			t.Fatal("the process does not lock the folder")
		}
	}
	time.Sleep(rand.N(within))
	_ = cmd.Process.Kill() // it may have ended already
	err := cmd.Wait()
	if err == nil {
		return "past its end"
	}
	if status := cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGKILL {
		t.Fatalf("the process failed by itself: %v", err)
	}
	switch {
	case exists(dir, ".commit"):
		return "moving after the commit"
	case exists(dir, ".staging"):
		return "staging before the commit"
	case exists(dir, "members/master3/peer.pem") && s.isDone(t, dir):
		return "done but not ended"
	}
	return "before its first file"
}

func (s scenario) isDone(t *testing.T, dir string) bool {
	return !s.moved || read(t, filepath.Join(dir, "members/master2/peer.pem")) !=
		read(t, filepath.Join("testdata", "pki", "members/master2/peer.pem"))
}

// check runs once more and wants a whole PKI in which nothing that was complete has changed.
func (s scenario) check(t *testing.T, dir string, original map[string]string) {
	t.Helper()
	complete := committedFiles(t, dir)
	c := killCluster(s.moved)
	bundle, _, err := ensure(t, dir, c, pkitest.Clock())
	if err != nil {
		t.Fatalf("the next run: %v", err)
	}
	if got := parse(t, bundle.Members["master2"].Server.CertPEM).VerifyHostname(c.Members[1].Address); got != nil {
		t.Error(got)
	}
	for name, content := range complete {
		if isCAFile(name) && read(t, filepath.Join(dir, name)) != content {
			t.Errorf("%s was complete and has been replaced", name)
		}
	}
	after := snapshot(t, dir)
	for name := range original {
		touched := strings.HasPrefix(name, ".commit") || s.moved && strings.HasPrefix(name, "members/master2/")
		if !touched && after[name] != original[name] {
			t.Errorf("%s was there before and has changed", name)
		}
	}
	var files []string
	for name, entry := range after {
		if !strings.HasSuffix(name, "/") {
			files = append(files, name)
			if !strings.HasPrefix(entry, "-rw-------") {
				t.Errorf("%s has mode %s", name, entry[:10])
			}
		}
	}
	slices.Sort(files)
	if diff := cmp.Diff(exampleFiles(), append([]string{".lock"}, files...)); diff != "" {
		t.Errorf("files of %s:\n%s", dir, diff)
	}
	again, changes, err := ensure(t, dir, c, pkitest.Clock())
	if err != nil || len(changes)+len(again.Notes) > 0 {
		t.Errorf("the run after: changes %v, notes %v, error %v, want none", changes, again.Notes, err)
	}
	if diff := cmp.Diff(after, snapshot(t, dir)); diff != "" {
		t.Errorf("the run after wrote something:\n%s", diff)
	}
}

// committedFiles are the files that are in place or only have to be moved there.
func committedFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for name := range snapshot(t, dirOrEmpty(t, dir)) {
		if strings.HasSuffix(name, "/") || strings.HasPrefix(name, ".staging/") {
			continue
		}
		files[strings.TrimPrefix(name, ".commit/")] = read(t, filepath.Join(dir, name))
	}
	for _, ca := range []string{"ca", "peer-ca"} {
		if (files[ca+".pem"] == "") != (files[ca+"-key.pem"] == "") {
			t.Errorf("a killed run left half of %s: %v", ca, slices.Sorted(maps.Keys(files)))
		}
	}
	return files
}

// committed is a folder whose run was committed, and killed before anything was moved.
func committed(t *testing.T) string {
	t.Helper()
	whole, dir := pkitest.Dir(t), filepath.Join(t.TempDir(), "pki")
	commit := filepath.Join(dir, ".commit")
	must(t, os.MkdirAll(commit, 0o700))
	for _, name := range exampleFiles() {
		if name != ".lock" {
			must(t, os.MkdirAll(filepath.Join(commit, filepath.Dir(name)), 0o700))
			must(t, os.Rename(filepath.Join(whole, name), filepath.Join(commit, name)))
		}
	}
	must(t, os.Chmod(dir, 0o700))
	return dir
}

func isCAFile(name string) bool { return !strings.Contains(name, "/") }

func exists(dir, name string) bool {
	_, err := os.Lstat(filepath.Join(dir, name))
	return err == nil
}

// dirOrEmpty is dir, or an empty folder where dir is not there yet.
func dirOrEmpty(t *testing.T, dir string) string {
	if exists(dir, ".") {
		return dir
	}
	return t.TempDir()
}

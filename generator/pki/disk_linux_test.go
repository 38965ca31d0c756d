package pki_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
)

const inNamespace = "ETCDBAKE_TEST_NAMESPACE"

// inMountNamespace runs the calling test again in a process that may mount file systems which nobody else sees: as root, or
// as root of a user namespace of its own. It is true in that process.
func inMountNamespace(t *testing.T) bool {
	t.Helper()
	if os.Getenv(inNamespace) != "" {
		// Mounts made here must not reach the namespace that this one was copied from.
		must(t, syscall.Mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""))
		return true
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inNamespace+"=yes")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS}
	if uid := os.Getuid(); uid != 0 {
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: uid, Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES) {
		t.Skipf("a mount namespace needs root or unprivileged user namespaces, which this system does not allow: %v", err)
	}
	t.Logf("in a mount namespace:\n%s", out)
	if err != nil {
		t.Fatal(err)
	}
	return false
}

// mount puts a tmpfs at dir until the test ends.
func mount(t *testing.T, dir, options string) {
	t.Helper()
	must(t, syscall.Mount("tmpfs", dir, "tmpfs", 0, options))
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
}

// Whatever space there is left, a run on a full disk says so and changes nothing, or is completed once there is space.
func TestOnAFullDiskARunHappensWholeOrNotAtAll(t *testing.T) {
	if !inMountNamespace(t) {
		return
	}
	outcomes := map[string]int{}
	for _, limit := range []string{"size=%dk", "size=1m,nr_inodes=%d"} {
		enough := false
		for n := 4; !enough && n < 400; n += 4 {
			options := fmt.Sprintf(limit, n)
			t.Run(options, func(t *testing.T) {
				enough = runOnFullDisk(t, options, outcomes)
			})
		}
		if !enough {
			t.Error("there was never space enough")
		}
	}
	t.Logf("outcomes: %v", outcomes)
}

func runOnFullDisk(t *testing.T, options string, outcomes map[string]int) (enough bool) {
	disk := t.TempDir()
	mount(t, disk, options)
	dir := filepath.Join(disk, "pki")
	_, _, err := ensure(t, dir, pkitest.Cluster(), pkitest.Clock())
	if err == nil {
		outcomes["enough"]++
		return true
	}
	if !errors.Is(err, syscall.ENOSPC) || errors.Is(err, pki.ErrInvalid) {
		t.Fatalf("error %v, want no space left", err)
	}
	files := map[string]string{}
	if exists(dir, ".") {
		files = snapshot(t, dir)
	}
	switch {
	case exists(dir, ".commit"):
		outcomes["committed, to be continued"]++
	case len(files) == 0:
		outcomes["nothing changed"]++
	default:
		t.Errorf("left %v after: %v", slices.Sorted(maps.Keys(files)), err)
	}
	must(t, syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT, "size=1m,nr_inodes=1k"))
	bundle, _, err := ensure(t, dir, pkitest.Cluster(), pkitest.Clock())
	if err != nil {
		t.Fatalf("with space again: %v", err)
	}
	if got := len(bundle.Members); got != 3 {
		t.Errorf("%d members, want 3", got)
	}
	return false
}

func TestAReadOnlyFolderIsReadAndNeverWritten(t *testing.T) {
	if !inMountNamespace(t) {
		return
	}
	disk := t.TempDir()
	mount(t, disk, "size=1m")
	dir := filepath.Join(disk, "pki")
	if _, _, err := ensure(t, dir, pkitest.Cluster(), pkitest.Clock()); err != nil {
		t.Fatal(err)
	}
	before := snapshot(t, dir)
	must(t, syscall.Mount("tmpfs", disk, "tmpfs", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""))
	if _, changes, err := ensure(t, dir, pkitest.Cluster(), pkitest.Clock()); err != nil || len(changes) > 0 {
		t.Errorf("with everything there: changes %v, error %v, want none", changes, err)
	}
	_, _, err := ensure(t, dir, pkitest.Cluster(), pkitest.Clock(), "all")
	checkError(t, err, nil, "nothing was changed in "+dir+": mkdir "+dir+"/.staging: read-only file system")
	_, _, err = ensure(t, filepath.Join(disk, "new"), pkitest.Cluster(), pkitest.Clock())
	checkError(t, err, nil, "cannot make the PKI folder: mkdir "+disk+"/new: read-only file system")
	if diff := cmp.Diff(before, snapshot(t, dir)); diff != "" {
		t.Error(diff)
	}
}

package rehearse

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// memoryDir is where the stage's file system in memory is mounted, in its own mount namespace: nothing here needs /sys, and
// nobody keeps keys or executables there, so the operator's other files stay visible for --keep.
const memoryDir = "/sys"

// stageMain is the stage: it makes the network, boots the members, verifies them and waits for its parent's end.
func stageMain() int {
	orders := json.NewDecoder(os.Stdin)
	var work order
	if err := orders.Decode(&work); err != nil {
		fmt.Fprintln(os.Stderr, "reading the order:", err)
		return 1
	}
	go func() {
		// The parent holds the other end. Its death ends this process by Pdeathsig too, but not if it died before that
		// was set.
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(1)
	}()
	s := stage{order: work, events: json.NewEncoder(os.Stdout)}
	outcome, err := s.run(context.Background())
	if err != nil {
		s.tell(event{Error: &failed{Message: err.Error(), Refused: refused(err), Etcd: errors.Is(err, ErrEtcd)}})
		return 1
	}
	s.tell(event{Outcome: outcome})
	s.watch() // for as long as the parent wants to keep the cluster
	return 0
}

// refused tells whether the kernel did not allow something, as with AppArmor's restriction of user namespaces: those can be
// made then, but not used.
func refused(err error) bool {
	return errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EOPNOTSUPP) || errors.Is(err, unix.ENODEV)
}

type stage struct {
	order
	telling sync.Mutex
	events  *json.Encoder
	members []*member
}

func (s *stage) tell(e event) {
	s.telling.Lock()
	defer s.telling.Unlock()
	// Where the parent is gone, so is this process at any moment.
	_ = s.events.Encode(e)
}

func (s *stage) progress(format string, args ...any) {
	s.tell(event{Progress: fmt.Sprintf(format, args...)})
}

func (s *stage) run(ctx context.Context) (*Outcome, error) {
	names := hostsFile(s.Hosts)
	if err := mountStage(names); err != nil {
		return nil, err
	}
	etcd := filepath.Join(memoryDir, "etcd")
	if err := keepExecutable(etcd); err != nil {
		return nil, err
	}
	if err := s.settleVersion(etcd); err != nil {
		return nil, err
	}
	net, err := newBridge(s.Verifier)
	if err != nil {
		return nil, fmt.Errorf("making the private network: %w", err)
	}
	s.progress("booting %d members with etcd %s", len(s.Hosts), s.Version)
	for i, h := range s.Hosts {
		for _, line := range h.Ignored {
			s.progress("%s: %s", h.Name, line)
		}
		m, err := startMember(memberOrder{
			Host: h, Root: filepath.Join(memoryDir, fmt.Sprintf("m%d", i)), Etcd: etcd, HostsFile: names,
		}, net, i)
		if err != nil {
			return nil, fmt.Errorf("booting %s: %w", h.Name, err)
		}
		s.members = append(s.members, m)
	}
	return s.verify(ctx, s.waitReady(ctx))
}

// settleVersion finds out which etcd this is, and says so if the hosts will have another one.
func (s *stage) settleVersion(etcd string) (err error) {
	advice := "; use --etcd PATH for the real one"
	if s.Version == "" {
		advice = ""
		if s.Version, err = askVersion(etcd); err != nil {
			return err
		}
	}
	if want := s.Expect.EtcdVersion; want != "" && want != s.Version {
		s.progress("note: rehearsed with etcd %s, the spec says %s%s", s.Version, want, advice)
	}
	return nil
}

// mountStage makes the stage's own view of the file system: the operator's, with memory at memoryDir, this PID namespace's
// /proc, and names resolved by names alone.
func mountStage(names []byte) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	// ramfs, not tmpfs: it is never swapped out, so no key reaches a disk, and etcd's preallocated WAL costs no memory.
	if err := unix.Mount("rehearsal", memoryDir, "ramfs", unix.MS_NOSUID|unix.MS_NODEV, "mode=0700"); err != nil {
		return fmt.Errorf("mounting a file system in memory: %w", err)
	}
	// Containers may forbid a /proc of one's own; the one that is there serves too.
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil && !refused(err) {
		return fmt.Errorf("mounting /proc: %w", err)
	}
	for path, content := range resolverFiles(names) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			continue // without it the default is much the same
		}
		private := filepath.Join(memoryDir, filepath.Base(path))
		if err := os.WriteFile(private, content, 0o644); err != nil {
			return err
		}
		if err := unix.Mount(private, path, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("replacing %s: %w", path, err)
		}
	}
	return nil
}

// resolverFiles make names resolve by /etc/hosts and nothing else.
func resolverFiles(hosts []byte) map[string][]byte {
	return map[string][]byte{
		"/etc/hosts":         hosts,
		"/etc/nsswitch.conf": []byte("passwd: files\ngroup: files\nhosts: files\n"),
		"/etc/resolv.conf":   []byte("# a rehearsal has no DNS\n"),
	}
}

// keepExecutable copies the inherited executable into memory. A copy can be run whatever the mode of the original's folders,
// and whether or not it has been deleted since.
func keepExecutable(path string) error {
	in := os.NewFile(etcdFD, "etcd")
	defer in.Close()
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o755)
	if err != nil {
		return err
	}
	if _, err := io.Copy(out, in); err != nil {
		return errors.Join(fmt.Errorf("%w: %w", ErrEtcd, err), out.Close())
	}
	return out.Close()
}

var versionLine = regexp.MustCompile(`(?m)^etcd Version: ([0-9]\S*)$`)

// askVersion runs an etcd executable for its version.
func askVersion(etcd string) (string, error) {
	cmd := &exec.Cmd{Path: etcd, Args: []string{"etcd", "--version"}, Env: []string{}}
	out, err := cmd.CombinedOutput()
	if match := versionLine.FindSubmatch(out); match != nil {
		return string(match[1]), nil
	}
	if errors.Is(err, syscall.ENOEXEC) {
		return "", fmt.Errorf("%w: the file is not an executable for this machine", ErrEtcd)
	}
	first, _, _ := strings.Cut(string(bytes.TrimSpace(out)), "\n")
	return "", fmt.Errorf("%w: asked for its version, the executable does not answer as etcd does but %q", ErrEtcd, first)
}

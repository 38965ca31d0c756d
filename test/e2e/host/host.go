//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Config is what distinguishes one host.
type Config struct {
	Name    string
	Address netip.Addr
	RootFS  string // from RootFS
	// UserData is given to cloud-init by its NoCloud datasource.
	UserData []byte
	// Fragile hosts have an ext4 file system of their own, so that a power cut loses what was not synced to it. It is slower.
	Fragile bool
	// Console is the file that the host's console is appended to.
	Console string
	// CopyOf is a host, switched off, whose disk is copied, as from a snapshot.
	CopyOf *Host
}

// Host is one machine. It keeps its disk from one boot to the next. Its methods are not for use side by side.
type Host struct {
	Config
	dir       string // disk and mount point
	namespace string
	boots     int
	running   *machine
	closed    bool
}

// machine is a host that is switched on.
type machine struct {
	nspawn *exec.Cmd
	cgroup string
	since  time.Time
	ended  chan struct{} // closed when nspawn has ended
	err    error         // of nspawn; valid once ended is closed
}

// New installs a host on the network; it is switched off.
func (n *Network) New(ctx context.Context, config Config) (*Host, error) {
	namespace, err := n.attach(ctx, config.Name, config.Address)
	if err != nil {
		return nil, err
	}
	h := &Host{Config: config, dir: filepath.Join(workDir, "hosts", namespace), namespace: namespace}
	if err := os.MkdirAll(h.dir, 0o755); err != nil {
		return nil, err
	}
	if config.Fragile {
		if err := h.makeDisk(ctx); err != nil {
			return nil, err
		}
	}
	for _, dir := range []string{"root", "upper", "work"} {
		if err := os.MkdirAll(filepath.Join(h.dir, dir), 0o755); err != nil {
			return nil, err
		}
	}
	if config.CopyOf != nil {
		if output, err := exec.CommandContext(ctx, "cp", "-a", config.CopyOf.dir+"/upper", h.dir).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("copying the disk of %s: %w\n%s", config.CopyOf.Name, err, output)
		}
	}
	if err := h.mountRoot(); err != nil {
		return nil, err
	}
	if config.CopyOf == nil {
		if err := os.WriteFile(filepath.Join(h.Root(), "etc/machine-id"), nil, 0o444); err != nil {
			return nil, err
		}
	}
	return h, h.Reseed("i-"+config.Name, config.UserData)
}

// mountRoot lays the host's disk over its root file system.
func (h *Host) mountRoot() error {
	options := fmt.Sprintf("lowerdir=%s,upperdir=%s/upper,workdir=%s/work", h.RootFS, h.dir, h.dir)
	if err := unix.Mount("overlay", h.Root(), "overlay", 0, options); err != nil {
		return fmt.Errorf("mounting the root of %s: %w", h.Name, err)
	}
	return nil
}

// cloudConfig keeps cloud-init away from what is set up from outside, and from SSH where a host has no server for it.
func (h *Host) cloudConfig() string {
	config := "network: {config: disabled}\ndatasource_list: [NoCloud, None]\n"
	if _, err := os.Stat(filepath.Join(h.Root(), "usr/sbin/sshd")); errors.Is(err, fs.ErrNotExist) {
		config += "ssh_genkeytypes: []\n"
	}
	return config
}

// Root is the host's disk as a folder of this machine. Mind that symbolic links in it lead out of it.
func (h *Host) Root() string { return filepath.Join(h.dir, "root") }

// Reseed gives the host what a cloud would: an instance ID, a name, user-data, and a network that is set up already. A host that
// is switched off may be given others than it had.
func (h *Host) Reseed(instance string, userData []byte) error {
	h.UserData = userData
	for _, file := range []struct {
		path, content string
		mode          os.FileMode
	}{
		{"etc/cloud/cloud.cfg.d/90-test.cfg", h.cloudConfig(), 0o644},
		{"etc/default/locale", "LANG=C.UTF-8\n", 0o644}, // as in Debian's cloud images; cloud-init would want to make another
		{"var/lib/cloud/seed/nocloud/meta-data", "instance-id: " + instance + "\nlocal-hostname: " + h.Name + "\n", 0o644},
		{"var/lib/cloud/seed/nocloud/user-data", string(h.UserData), 0o600},
	} {
		path := filepath.Join(h.Root(), file.path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(file.content), file.mode); err != nil {
			return err
		}
	}
	return nil
}

// Boot switches the host on. It returns at once; Exec waits until the host can run commands.
func (h *Host) Boot(ctx context.Context) error {
	if h.running != nil {
		return fmt.Errorf("%s is switched on already", h.Name)
	}
	if h.Fragile {
		if err := h.sync(); err != nil {
			return fmt.Errorf("syncing the disk of %s: %w", h.Name, err)
		}
	}
	h.boots++
	cgroup := filepath.Join(os.Getenv(insideEnv), h.namespace+"-"+strconv.Itoa(h.boots))
	join, err := makeCgroup(cgroup)
	if err != nil {
		return fmt.Errorf("making a cgroup for %s: %w", h.Name, err)
	}
	if err := os.MkdirAll(filepath.Dir(h.Console), 0o755); err != nil {
		return err
	}
	console, err := os.OpenFile(h.Console, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { _ = console.Close() }()
	const joinThenExec = `set -e; while [ "$1" != -- ]; do echo $$ >"$1"; shift; done; shift; exec "$@"`
	args := append([]string{"-c", joinThenExec, "sh"}, join...)
	args = append(args, "--", "systemd-nspawn", "--quiet", "-D", h.Root(), "-b", "--register=no", "--keep-unit",
		"--resolv-conf=off", "--timezone=off", "--network-namespace-path="+namespacePath(h.namespace), "--machine="+h.Name,
		"--console=read-only", "systemd.show_status=yes")
	cmd := exec.CommandContext(context.WithoutCancel(ctx), "sh", args...)
	cmd.Stdout, cmd.Stderr = console, console
	m := &machine{nspawn: cmd, cgroup: cgroup, since: time.Now(), ended: make(chan struct{})}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("booting %s: %w", h.Name, err)
	}
	go func() {
		m.err = cmd.Wait()
		close(m.ended)
	}()
	h.running = m
	return nil
}

// Shutdown powers the host off from inside, as an operator does, and waits until it is off.
func (h *Host) Shutdown(ctx context.Context) error {
	if _, err := h.Exec(ctx, "systemctl", "poweroff"); err != nil {
		return err
	}
	select {
	case <-h.running.ended:
	case <-ctx.Done():
		return fmt.Errorf("waiting for %s to power off: %w", h.Name, context.Cause(ctx))
	}
	err := h.running.err
	h.off()
	if err != nil {
		return fmt.Errorf("powering off %s: %w", h.Name, err)
	}
	return nil
}

// PowerCut ends the host at once, in the middle of whatever it does. What it has written to its disk stays; where the host is
// Fragile, only what has been synced.
func (h *Host) PowerCut() error {
	if h.running == nil {
		return fmt.Errorf("%s is not switched on", h.Name)
	}
	if h.Fragile {
		if err := h.stopDisk(); err != nil {
			return fmt.Errorf("stopping the disk of %s: %w", h.Name, err)
		}
	}
	if err := h.running.kill(); err != nil {
		return fmt.Errorf("cutting the power of %s: %w", h.Name, err)
	}
	h.off()
	if h.Fragile {
		return h.restartDisk(context.Background())
	}
	return nil
}

// kill ends every process of the machine, and returns when none is left.
func (m *machine) kill() error {
	// Right after power-on nspawn may not have joined its cgroup yet: it is ended by its PID, and then nothing joins any more.
	if err := m.nspawn.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	if err := killCgroup(m.cgroup); err != nil {
		return err
	}
	select {
	case <-m.ended:
	case <-time.After(killPatience):
		return fmt.Errorf("systemd-nspawn, PID %d, still runs %v after it was killed", m.nspawn.Process.Pid, killPatience)
	}
	// What moved to a cgroup below while the first pass was reading is found by the second.
	return killCgroup(m.cgroup)
}

// off forgets the machine, after it has ended.
func (h *Host) off() {
	removeCgroups(h.running.cgroup)
	h.running = nil
}

// Since is the moment the host was last switched on.
func (h *Host) Since() time.Time { return h.running.since }

// Close switches the host off and removes its disk. A second one does nothing.
func (h *Host) Close() error {
	if h.closed {
		return nil
	}
	h.closed = true
	var off error
	if h.running != nil {
		off = h.PowerCut()
	}
	root := unix.Unmount(h.Root(), unix.MNT_DETACH)
	var disk error
	if h.Fragile {
		disk = errors.Join(unix.Unmount(h.dir, unix.MNT_DETACH), os.Remove(h.image()))
	}
	return errors.Join(off, root, disk,
		os.RemoveAll(h.dir),
		ip(context.Background(), "", "netns del "+h.namespace))
}

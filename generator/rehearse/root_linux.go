package rehearse

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/etcdbake/etcdbake/generator/userdata"
)

// notifyPath is the socket on which systemd hears READY=1.
const notifyPath = "/run/systemd/notify"

// enterRoot makes o.Root what the member's host would look like, and this process's root. The process has a mount namespace
// of its own.
func enterRoot(o memberOrder) error {
	if err := fillRoot(o); err != nil {
		return err
	}
	// pivot_root(2) wants a mount.
	if err := unix.Mount(o.Root, o.Root, "", unix.MS_BIND, ""); err != nil {
		return err
	}
	for _, dir := range systemDirs() {
		if err := mirror(dir, o.Root); err != nil {
			return err
		}
	}
	if err := mountDevices(o.Root); err != nil {
		return err
	}
	return changeRoot(o.Root)
}

// systemDirs are what an etcd that is linked dynamically may need; the last ones are where NixOS and Guix have everything.
func systemDirs() []string {
	return []string{"/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/nix/store", "/gnu/store"}
}

// fillRoot writes the member's files, and what its host would have anyway. os.Root keeps every path inside of it.
func fillRoot(o memberOrder) error {
	root, err := os.OpenRoot(o.Root)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := linkDirs(root); err != nil {
		return err
	}
	for path, content := range resolverFiles(o.HostsFile) {
		if err := writeFile(root, userdata.File{Path: path, Mode: 0o644, Content: content}); err != nil {
			return err
		}
	}
	for _, f := range o.Host.Files {
		if err := writeFile(root, f); err != nil {
			return fmt.Errorf("writing %s: %w", f.Path, err)
		}
	}
	for _, dir := range o.Host.StateDirs {
		if err := makeDir(root, dir, o.Host.StateMode); err != nil {
			return fmt.Errorf("making the state directory %s: %w", dir, err)
		}
	}
	for _, dir := range []string{"/tmp", "/dev", "/proc", o.Host.BinDir} {
		if err := makeDir(root, dir, 0o755); err != nil {
			return err
		}
	}
	err = os.Link(o.Etcd, filepath.Join(o.Root, o.Host.BinDir, "etcd"))
	if errors.Is(err, fs.ErrExist) {
		return nil // user-data brings its own
	}
	return err
}

// linkDirs repeats the links of a merged /usr, before files are written through them.
func linkDirs(root *os.Root) error {
	for _, dir := range systemDirs() {
		target, err := os.Readlink(dir)
		if err != nil {
			continue // a folder, or not there
		}
		if err := makeDir(root, filepath.Join("/", target), 0o755); err != nil {
			return err
		}
		if err := root.Symlink(strings.TrimPrefix(target, "/"), local(dir)); err != nil {
			return err
		}
	}
	return nil
}

func local(path string) string { return strings.TrimPrefix(path, "/") }

func makeDir(root *os.Root, dir string, mode fs.FileMode) error {
	if err := root.MkdirAll(local(dir), mode); err != nil {
		return err
	}
	return root.Chmod(local(dir), mode)
}

// writeFile writes as cloud-init does: folders that are not there are made for everyone to see.
func writeFile(root *os.Root, f userdata.File) error {
	if err := root.MkdirAll(local(filepath.Dir(f.Path)), 0o755); err != nil && filepath.Dir(f.Path) != "/" {
		return err
	}
	flags := os.O_CREATE | os.O_WRONLY | os.O_TRUNC
	if f.Append {
		flags = os.O_CREATE | os.O_WRONLY | os.O_APPEND
	}
	out, err := root.OpenFile(local(f.Path), flags, f.Mode)
	if err != nil {
		return err
	}
	_, err = out.Write(f.Content)
	return errors.Join(err, out.Chmod(f.Mode), out.Close())
}

// mirror shows a path of this machine at the same place under root, for reading. Where the member has files of its own
// already, everything else is shown around them.
func mirror(path, root string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	target := filepath.Join(root, path)
	_, err = os.Lstat(target)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return show(path, target, info)
	case err != nil:
		return err
	case !info.IsDir():
		return nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := mirror(filepath.Join(path, e.Name()), root); err != nil {
			return err
		}
	}
	return nil
}

func show(path, target string, info fs.FileInfo) error {
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		to, err := os.Readlink(path)
		if err != nil {
			return err
		}
		return os.Symlink(to, target)
	case info.IsDir():
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
	default:
		if err := os.WriteFile(target, nil, 0o644); err != nil {
			return err
		}
	}
	return bindReadOnly(path, target)
}

// bindReadOnly needs two steps: a bind mount takes its flags over from the source, and a remount must repeat those that a
// user namespace may not take away (mount(2), mount_namespaces(7)).
func bindReadOnly(path, target string) error {
	if err := unix.Mount(path, target, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return fmt.Errorf("showing %s to the member: %w", path, err)
	}
	var st unix.Statfs_t
	if err := unix.Statfs(target, &st); err != nil {
		return err
	}
	// statfs(2) has the same numbers as mount(2) for these, but not for relatime.
	flags := uintptr(st.Flags) & (unix.MS_NOSUID | unix.MS_NODEV | unix.MS_NOEXEC | unix.MS_NOATIME | unix.MS_NODIRATIME)
	if st.Flags&unix.ST_RELATIME != 0 {
		flags |= unix.MS_RELATIME
	}
	if err := unix.Mount("", target, "", unix.MS_REMOUNT|unix.MS_BIND|unix.MS_RDONLY|flags, ""); err != nil {
		return fmt.Errorf("showing %s read-only: %w", path, err)
	}
	return nil
}

func mountDevices(root string) error {
	for _, device := range []string{"/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"} {
		target := filepath.Join(root, device)
		if err := os.WriteFile(target, nil, 0o644); err != nil {
			return err
		}
		if err := unix.Mount(device, target, "", unix.MS_BIND, ""); err != nil {
			return fmt.Errorf("showing %s to the member: %w", device, err)
		}
	}
	proc := filepath.Join(root, "proc")
	err := unix.Mount("proc", proc, "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, "")
	if err != nil && refused(err) {
		err = unix.Mount("/proc", proc, "", unix.MS_BIND|unix.MS_REC, "")
	}
	if err != nil {
		return fmt.Errorf("mounting /proc for the member: %w", err)
	}
	return nil
}

// changeRoot makes root this process's root, and takes everything else out of its sight (pivot_root(2), "pivot_root(".",
// ".")").
func changeRoot(root string) error {
	if err := os.Chdir(root); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("changing the root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("leaving the old root: %w", err)
	}
	return os.Chdir("/")
}

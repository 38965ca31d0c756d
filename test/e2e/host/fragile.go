//go:build linux

package host

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"

	"golang.org/x/sys/unix"
)

// diskSize is more than a host ever writes; the file is sparse.
const diskSize = 1 << 30

// makeDisk gives the host a disk of its own below its folder: an ext4 file system in a file.
func (h *Host) makeDisk(ctx context.Context) error {
	file, err := os.Create(h.image())
	if err != nil {
		return err
	}
	if err := errors.Join(file.Truncate(diskSize), file.Close()); err != nil {
		return err
	}
	if output, err := exec.CommandContext(ctx, "mkfs.ext4", "-q", h.image()).CombinedOutput(); err != nil {
		return fmt.Errorf("making the disk of %s: %w\n%s", h.Name, err, output)
	}
	return h.mountDisk(ctx)
}

func (h *Host) image() string { return h.dir + ".img" }

// mountDisk mounts without ext4's kindness to programs that forget to sync before they rename: XFS has none either.
func (h *Host) mountDisk(ctx context.Context) error {
	if output, err := exec.CommandContext(ctx, "mount", "-o", "loop,noauto_da_alloc", h.image(), h.dir).CombinedOutput(); err != nil {
		return fmt.Errorf("mounting the disk of %s: %w\n%s", h.Name, err, output)
	}
	return nil
}

// sync has all that was written to the host from outside on its disk.
func (h *Host) sync() error {
	dir, err := os.Open(h.dir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return unix.Syncfs(int(dir.Fd()))
}

// ext4's ioctl that ends all input and output at once, without its journal's last entries (EXT4_IOC_SHUTDOWN and
// EXT4_GOING_FLAGS_NOLOGFLUSH in the kernel's fs/ext4/ext4.h). xfstests cuts the power by it too.
const (
	ext4Shutdown = 0x8004587d
	noLogFlush   = 2
)

// stopDisk loses what is not on the disk yet.
func (h *Host) stopDisk() error {
	dir, err := os.Open(h.dir)
	if err != nil {
		return err
	}
	defer func() { _ = dir.Close() }()
	return unix.IoctlSetPointerInt(int(dir.Fd()), ext4Shutdown, noLogFlush)
}

// restartDisk mounts it again after stopDisk, as the next boot would find it. It is a copy, since the stopped file system lives on
// in the mount namespaces of other hosts.
func (h *Host) restartDisk(ctx context.Context) error {
	stopped := h.image() + ".stopped"
	if err := os.Rename(h.image(), stopped); err != nil {
		return err
	}
	if output, err := exec.CommandContext(ctx, "cp", "--sparse=always", stopped, h.image()).CombinedOutput(); err != nil {
		return fmt.Errorf("copying the disk of %s: %w\n%s", h.Name, err, output)
	}
	return errors.Join(
		unix.Unmount(h.Root(), unix.MNT_DETACH), unix.Unmount(h.dir, unix.MNT_DETACH), os.Remove(stopped),
		h.mountDisk(ctx), h.mountRoot())
}

//go:build linux

package host

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Disk is a disk that may be attached to hosts, one after the other.
type Disk struct {
	// Image is the file that its content is in, and Node the block device, on this machine.
	Image, Node string
	number      uint64
	device      *os.File // the kernel removes the loop device when this and all mounts are closed
}

// NewDisk makes a disk of zeros in a folder.
func NewDisk(dir, name string, size int64) (*Disk, error) {
	d := &Disk{Image: filepath.Join(dir, name+".img"), Node: filepath.Join(dir, name)}
	image, err := os.OpenFile(d.Image, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	defer func() { _ = image.Close() }()
	if err := image.Truncate(size); err != nil {
		return nil, err
	}
	control, err := os.OpenFile("/dev/loop-control", os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = control.Close() }()
	for {
		n, err := unix.IoctlRetInt(int(control.Fd()), unix.LOOP_CTL_GET_FREE)
		if err != nil {
			return nil, fmt.Errorf("finding a free loop device: %w", err)
		}
		if err := d.open(n, image); err == nil {
			return d, nil
		} else if !errors.Is(err, unix.EBUSY) {
			return nil, err
		} // somebody was faster
	}
}

// open makes loop device n the image's.
func (d *Disk) open(n int, image *os.File) (err error) {
	const loopMajor = 7
	d.number = unix.Mkdev(loopMajor, uint32(n))
	if err := unix.Mknod(d.Node, unix.S_IFBLK|0o600, int(d.number)); err != nil {
		return fmt.Errorf("making %s: %w", d.Node, err)
	}
	if d.device, err = os.OpenFile(d.Node, os.O_RDWR, 0); err == nil {
		err = unix.IoctlLoopConfigure(int(d.device.Fd()), &unix.LoopConfig{
			Fd: uint32(image.Fd()), Info: unix.LoopInfo64{Flags: unix.LO_FLAGS_AUTOCLEAR},
		})
	}
	if err != nil {
		return errors.Join(err, d.Close(), os.Remove(d.Node))
	}
	return nil
}

// Close gives the loop device back. Content and node stay in the folder.
func (d *Disk) Close() error {
	if d.device == nil {
		return nil
	}
	return d.device.Close()
}

// NodeOn returns what makes the disk's node on a host: numbers for mknod(1).
func (d *Disk) NodeOn() (major, minor string) {
	return fmt.Sprint(unix.Major(d.number)), fmt.Sprint(unix.Minor(d.number))
}

package durable

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// Write writes a new file, which must not exist; it does not sync it. The mode is narrowed by the umask. It asks the system for
// nothing else: os.OpenFile makes five more calls, to find out whether a file can be waited for.
func Write(name string, content []byte, mode fs.FileMode) error {
	failed := func(op string, err error) error { return &os.PathError{Op: op, Path: name, Err: err} }
	fd, err := again(func() (int, error) {
		return syscall.Open(name, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL|syscall.O_CLOEXEC, uint32(mode.Perm()))
	})
	if err != nil {
		return failed("open", err)
	}
	for len(content) > 0 && err == nil {
		var n int
		n, err = again(func() (int, error) { return syscall.Write(fd, content) })
		content = content[max(n, 0):]
	}
	if err != nil {
		err = failed("write", err)
	}
	// Close is not tried again: the descriptor is gone in any case (close(2)).
	if closeErr := syscall.Close(fd); closeErr != nil && !errors.Is(closeErr, syscall.EINTR) {
		err = errors.Join(err, failed("close", closeErr))
	}
	return err
}

// Rename is rename(2) and no more: os.Rename looks first whether a folder is there, to say so.
func Rename(from, to string) error {
	_, err := again(func() (int, error) { return 0, syscall.Rename(from, to) })
	if err != nil {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
	}
	return nil
}

// again repeats a system call that a signal has interrupted.
func again(call func() (int, error)) (int, error) {
	for {
		if n, err := call(); !errors.Is(err, syscall.EINTR) {
			return n, err
		}
	}
}

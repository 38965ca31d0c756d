//go:build e2e

package qemu

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// rootOffset is where the only partition begins, in bytes; as is usual.
const rootOffset = 1 << 20

// extlinuxConf boots by label, and with the console on the serial line, as a cloud's images do.
const extlinuxConf = `DEFAULT linux
LABEL linux
  LINUX /boot/%s
  INITRD /boot/%s
  APPEND root=LABEL=root rw console=ttyS0 net.ifnames=0
`

// plainDisk returns the path of a qcow2 disk with a plain Debian that boots, making it where it is not there yet; work is a
// folder for what is in the way to it.
func plainDisk(ctx context.Context, t *testing.T, work string) string {
	t.Helper()
	root, err := rootFS(ctx)
	if err != nil {
		t.Fatal(err)
	}
	disk := cached(filepath.Base(root) + ".qcow2")
	if _, err := os.Stat(disk); err == nil {
		return disk
	} else if !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	raw, partial := filepath.Join(work, "plain.raw"), disk+".partial"
	command(ctx, t, "", "truncate", "-s", "2G", raw)
	command(ctx, t, "start=2048, type=83, bootable\n", "sfdisk", "-q", raw)
	// extlinux reads no file system with 64-bit block numbers.
	command(ctx, t, "", "mke2fs", "-q", "-t", "ext4", "-L", "root", "-O", "^64bit,^metadata_csum",
		"-E", fmt.Sprintf("offset=%d,lazy_itable_init=1", rootOffset), "-d", root, raw, fmt.Sprint(2<<20-2*rootOffset>>10)+"k")
	mount(ctx, t, raw, "loop", func(dir string) { makeBootable(ctx, t, dir) })
	command(ctx, t, "", "dd", "if=/usr/lib/EXTLINUX/mbr.bin", "of="+raw, "conv=notrunc", "bs=440", "count=1", "status=none")
	command(ctx, t, "", "qemu-img", "convert", "-O", "qcow2", raw, partial)
	if err := os.Rename(partial, disk); err != nil {
		t.Fatal(err)
	}
	return disk
}

// makeBootable installs a boot loader on a mounted disk.
func makeBootable(ctx context.Context, t *testing.T, dir string) {
	t.Helper()
	var names []any
	for _, pattern := range []string{"vmlinuz-*", "initrd.img-*"} {
		found, err := filepath.Glob(filepath.Join(dir, "boot", pattern))
		if err != nil || len(found) != 1 {
			t.Fatalf("%s on the disk: %v, %v", pattern, found, err)
		}
		names = append(names, filepath.Base(found[0]))
	}
	loader := filepath.Join(dir, "boot", "extlinux")
	if err := os.Mkdir(loader, 0o755); err != nil {
		t.Fatal(err)
	}
	settings := filepath.Join(dir, "etc", "systemd", "timesyncd.conf.d")
	if err := os.Mkdir(settings, 0o755); err != nil {
		t.Fatal(err)
	}
	for path, content := range map[string]string{
		filepath.Join(loader, "extlinux.conf"):         fmt.Sprintf(extlinuxConf, names...),
		filepath.Join(dir, "etc", "default", "locale"): "LANG=C.UTF-8\n", // as on Debian's cloud images
		filepath.Join(settings, "90-test.conf"):        timesyncd,
	} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	command(ctx, t, "", "extlinux", "--install", loader)
}

// mount calls use with a folder that a raw disk's root file system is mounted on, with further options.
func mount(ctx context.Context, t *testing.T, disk, options string, use func(dir string)) {
	t.Helper()
	dir := t.TempDir()
	command(ctx, t, "", "mount", "-o", fmt.Sprintf("%s,offset=%d", options, rootOffset), disk, dir)
	defer func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Errorf("unmounting %s: %v", disk, err)
		}
	}()
	use(dir)
}

// command runs a tool and fails the test where it fails; it returns its output without the white space around it.
func command(ctx context.Context, t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(cmd.Args, " "), err, output)
	}
	return strings.TrimSpace(string(output))
}

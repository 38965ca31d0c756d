//go:build e2e

package qemu

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"github.com/etcdbake/etcdbake/test/internal/golden"
)

// networkConfig gives a machine its address, as a cloud does.
const networkConfig = `version: 2
ethernets:
  eth0: {addresses: [%s/24]}
`

// boot switches a machine on whose disk begins as the image, with its user-data on a NoCloud disk. It is switched off when the
// test ends.
func (l *lab) boot(image string, m golden.Member, userData []byte) {
	l.t.Helper()
	disk := filepath.Join(l.dir, m.Name+".qcow2")
	command(l.ctx, l.t, "", "qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image, disk)
	if err := l.net.Tap(l.ctx, m.Name); err != nil {
		l.t.Fatal(err)
	}
	qemu := l.net.Command(l.ctx, "qemu-system-x86_64",
		"-machine", "pc", "-accel", "tcg,thread=multi,tb-size=128", "-cpu", "max", "-m", "512", "-nodefaults", "-display", "none",
		"-serial", "file:"+filepath.Join(l.logs, m.Name+".console"),
		"-drive", "file="+disk+",if=virtio,format=qcow2",
		"-drive", "file="+l.seed(m, userData)+",if=virtio,format=raw,readonly=on",
		"-netdev", "tap,id=net0,script=no,downscript=no,ifname="+m.Name,
		"-device", "virtio-net-pci,romfile=,netdev=net0,mac="+mac(m))
	errors, err := os.Create(filepath.Join(l.logs, m.Name+".qemu"))
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = errors.Close() }()
	qemu.Stdout, qemu.Stderr = errors, errors
	if err := qemu.Start(); err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { l.off(m, qemu) })
}

// off ends a machine's process.
func (l *lab) off(m golden.Member, qemu *exec.Cmd) {
	l.t.Helper()
	if err := qemu.Process.Signal(syscall.SIGTERM); err != nil {
		l.t.Errorf("%s has ended by itself: see %s: %v", m.Name, l.logs, err)
	}
	if err := qemu.Wait(); err != nil && qemu.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		l.t.Errorf("%s: %v: see %s", m.Name, err, l.logs)
	}
}

// mac is an address that is nobody's but the machine's.
func mac(m golden.Member) string { return fmt.Sprintf("52:54:00:00:00:%02x", m.Name[len(m.Name)-1]) }

// seed makes the disk that NoCloud reads and returns its path.
func (l *lab) seed(m golden.Member, userData []byte) string {
	l.t.Helper()
	dir := filepath.Join(l.dir, m.Name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		l.t.Fatal(err)
	}
	for name, content := range map[string]string{
		"meta-data":      "instance-id: i-" + m.Name + "\nlocal-hostname: " + m.Name + "\n",
		"network-config": fmt.Sprintf(networkConfig, m.Address),
		"user-data":      string(userData),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			l.t.Fatal(err)
		}
	}
	iso := dir + ".iso"
	command(l.ctx, l.t, "", "xorriso", "-as", "genisoimage", "-quiet", "-V", "cidata", "-J", "-r", "-o", iso, dir)
	return iso
}

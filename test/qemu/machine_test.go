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

// addresses is a cloud-init network configuration, for the image, by which each machine knows its address: what a network
// for such machines hands out.
func addresses() string {
	config := "network: {version: 2, ethernets: {"
	for _, m := range golden.Members() {
		config += fmt.Sprintf("%s: {match: {macaddress: %q}, addresses: [%s/24]}, ", m.Name, mac(m), m.Address)
	}
	return config + "}}"
}

// boot switches a machine on whose disk begins as the image, with the seed in its CD-ROM drive. It is switched off when
// the test ends.
func (l *lab) boot(image string, m golden.Member, seed string) {
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
		"-drive", "id=seed,if=none,media=cdrom,format=raw,readonly=on,file="+seed,
		"-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=seed",
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

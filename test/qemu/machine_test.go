//go:build e2e

package qemu

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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

// machine has its seed in its CD-ROM drive, and a disk for data.
type machine struct {
	golden.Member
	lab  *lab
	seed string
	// clock is what its own clock says when it is switched on, as QEMU's -rtc wants it; where it is empty, the right time.
	clock string
	qemu  *exec.Cmd // nil while it is switched off
}

// machine puts one together; it is switched off. Its data disk is blank, and is there for as long as the test is.
func (l *lab) machine(m golden.Member, seed string) *machine {
	l.t.Helper()
	if err := l.net.Tap(l.ctx, m.Name); err != nil {
		l.t.Fatal(err)
	}
	command(l.ctx, l.t, "", "qemu-img", "create", "-q", "-f", "raw", filepath.Join(l.dir, m.Name+".data"), "1G")
	machine := &machine{Member: m, lab: l, seed: seed}
	l.t.Cleanup(machine.off)
	return machine
}

// boot switches the machine on with a new disk that begins as the image.
func (m *machine) boot(image string) {
	l := m.lab
	l.t.Helper()
	disk := filepath.Join(l.dir, m.Name+".qcow2")
	command(l.ctx, l.t, "", "qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", image, disk)
	qemu := l.net.Command(l.ctx, "qemu-system-x86_64",
		"-machine", "pc", "-accel", "tcg,thread=multi,tb-size=128", "-cpu", "max", "-m", "512", "-nodefaults", "-display", "none",
		"-rtc", "base="+cmp.Or(m.clock, "utc"),
		"-chardev", "file,id=console,append=on,path="+filepath.Join(l.logs, m.Name+".console"), "-serial", "chardev:console",
		"-drive", "id=root,if=none,format=qcow2,file="+disk,
		"-device", "virtio-blk-pci,drive=root,bootindex=1",
		"-drive", "id=data,if=none,format=raw,file="+filepath.Join(l.dir, m.Name+".data"),
		"-device", "virtio-blk-pci,drive=data,serial=etcd",
		"-drive", "id=seed,if=none,media=cdrom,format=raw,readonly=on,file="+m.seed,
		"-device", "virtio-scsi-pci", "-device", "scsi-cd,drive=seed",
		"-netdev", "tap,id=net0,script=no,downscript=no,ifname="+m.Name,
		"-device", "virtio-net-pci,romfile=,netdev=net0,mac="+mac(m.Member))
	complaints, err := os.Create(filepath.Join(l.logs, m.Name+".qemu"))
	if err != nil {
		l.t.Fatal(err)
	}
	defer func() { _ = complaints.Close() }()
	qemu.Stdout, qemu.Stderr = complaints, complaints
	if err := qemu.Start(); err != nil {
		l.t.Fatal(err)
	}
	m.qemu = qemu
}

// off ends the machine's process, as a power failure does.
func (m *machine) off() {
	m.lab.t.Helper()
	if m.qemu == nil {
		return
	}
	if err := m.qemu.Process.Signal(syscall.SIGTERM); err != nil {
		m.lab.t.Errorf("%s has ended by itself: see %s: %v", m.Name, m.lab.logs, err)
	}
	if err := m.qemu.Wait(); err != nil && m.qemu.ProcessState.Sys().(syscall.WaitStatus).Signal() != syscall.SIGKILL {
		m.lab.t.Errorf("%s: %v: see %s", m.Name, err, m.lab.logs)
	}
	m.qemu = nil
}

// console tells how often the machine has said something, which it must have done at all.
func (m *machine) console(text string) int {
	m.lab.t.Helper()
	said := strings.Count(m.consoleText(), text)
	if said == 0 {
		m.lab.t.Errorf("%s has not said %q: see %s", m.Name, text, m.lab.logs)
	}
	return said
}

// consoleText is all that the machine has said since it was first switched on.
func (m *machine) consoleText() string {
	m.lab.t.Helper()
	content, err := os.ReadFile(filepath.Join(m.lab.logs, m.Name+".console"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // QEMU makes it
		m.lab.t.Fatal(err)
	}
	return string(content)
}

// mac is an address that is nobody's but the machine's.
func mac(m golden.Member) string { return fmt.Sprintf("52:54:00:00:00:%02x", m.Name[len(m.Name)-1]) }

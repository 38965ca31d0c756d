package collect

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// listeners are the TCP addresses that processes of the main process's user listen on: of etcd's own user, etcd's.
func listeners(pid string) facts.HostListeners {
	info, err := os.Stat("/proc/" + pid)
	if err != nil {
		return facts.HostListeners{Fault: err.Error()}
	}
	owner, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return facts.HostListeners{Fault: "this system does not tell whose a process is"}
	}
	uid := strconv.FormatUint(uint64(owner.Uid), 10)
	var l facts.HostListeners
	for _, table := range []string{"tcp", "tcp6"} {
		data, err := os.ReadFile("/proc/" + pid + "/net/" + table)
		if err != nil {
			return facts.HostListeners{Fault: err.Error()}
		}
		found, err := listening(string(data), uid)
		if err != nil {
			return facts.HostListeners{Fault: fmt.Sprintf("/proc/%s/net/%s: %v", pid, table, err)}
		}
		l.Addresses = append(l.Addresses, found...)
	}
	slices.SortFunc(l.Addresses, netip.AddrPort.Compare)
	return l
}

// listening reads the kernel's table of sockets: columns are number, local address, remote address, state, …, user.
func listening(table, uid string) ([]netip.AddrPort, error) {
	const local, state, user, listen = 1, 3, 7, "0A"
	var found []netip.AddrPort
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) <= user || f[state] != listen || f[user] != uid {
			continue
		}
		address, err := kernelAddress(f[local])
		if err != nil {
			return nil, err
		}
		found = append(found, address)
	}
	return found, nil
}

// kernelAddress reads 0100007F:094B: the address in words of four bytes, each in the machine's order (little-endian on all
// that etcd supports), and the port.
func kernelAddress(s string) (netip.AddrPort, error) {
	words, portHex, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(words)
	if err != nil {
		return netip.AddrPort{}, err
	}
	for word := range slices.Chunk(b, 4) {
		slices.Reverse(word)
	}
	address, ok := netip.AddrFromSlice(b)
	port, err := strconv.ParseUint(portHex, 16, 16)
	if !ok || err != nil {
		return netip.AddrPort{}, fmt.Errorf("%q is no address", s)
	}
	return netip.AddrPortFrom(address.Unmap(), uint16(port)), nil
}

//go:build linux

package listen_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// The test's own executable is also the host (see host) and what becomes etcd on it (see become), by its first argument.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 1 && os.Args[1] == "host":
		exit(host(os.Args[2], os.Args[3:]))
	case len(os.Args) > 1 && os.Args[1] == "become":
		exit(become(os.Args[2], os.Args[3:]))
	}
	os.Exit(m.Run())
}

func exit(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// host runs in a network namespace of its own. It makes that what ipv6 says, starts etcd there and prints which loopback
// addresses it answers on.
func host(ipv6 string, command []string) error {
	lo, err := netlink.LinkByName("lo")
	if err != nil {
		return err
	}
	if err := netlink.LinkSetUp(lo); err != nil {
		return err
	}
	if ipv6 == switchedOff {
		if err := os.WriteFile("/proc/sys/net/ipv6/conf/all/disable_ipv6", []byte("1"), 0o644); err != nil {
			return err
		}
	}
	etcd := exec.Command("/proc/self/exe", append([]string{"become", ipv6}, command...)...)
	etcd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := etcd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- etcd.Wait() }()
	for deadline := time.Now().Add(30 * time.Second); !healthy("127.0.0.1") && time.Now().Before(deadline); {
		select {
		case <-ended:
			fmt.Println("etcd has ended")
			return nil
		case <-time.After(50 * time.Millisecond):
		}
	}
	for _, address := range []string{"127.0.0.1", "[::1]"} {
		if healthy(address) {
			fmt.Println(address)
		}
	}
	return etcd.Process.Kill()
}

func healthy(address string) bool {
	client := http.Client{Timeout: 5 * time.Second}
	answer, err := client.Get("http://" + address + ":2379/health")
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

// become executes the command, which gets no socket of IPv6 where there is none: the kernel with ipv6.disable=1 says
// EAFNOSUPPORT, and so does the filter.
func become(ipv6 string, command []string) error {
	if ipv6 == absent {
		if err := refuseIPv6(); err != nil {
			return err
		}
	}
	return unix.Exec(command[0], command, []string{})
}

// refuseIPv6 filters this process's system calls (seccomp(2)). The offsets are those of struct seccomp_data; socket(2)'s first
// argument is in the lower half, which comes first on the machines that Go runs these tests on.
func refuseIPv6() error {
	const callNumber, firstArgument = 0, 16
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: callNumber},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_SOCKET, Jf: 3},
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: firstArgument},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.AF_INET6, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EAFNOSUPPORT)},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	_, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER, unix.SECCOMP_FILTER_FLAG_TSYNC,
		uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return errno
	}
	return nil
}

//go:build linux

package host

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/vishvananda/netns"
)

// Network is a bridge in a network namespace of its own. Any number of them exist side by side, with the same addresses.
type Network struct {
	name    string
	gateway netip.Prefix
}

// NewNetwork makes a network; gateway is the bridge's address and the prefix that all hosts share. No other network of
// this process has its name.
func NewNetwork(ctx context.Context, name string, gateway netip.Prefix) (*Network, error) {
	n := &Network{name: name, gateway: gateway}
	if err := ip(ctx, "", "netns add "+name); err != nil {
		return nil, err
	}
	return n, ip(ctx, name,
		"link set lo up",
		"link add bridge type bridge mcast_snooping 0", // IPv6 finds its neighbours by multicast
		addAddress(gateway)+" dev bridge",
		"link set bridge up")
}

// Command prepares a command that runs inside the network, beside the hosts.
func (n *Network) Command(ctx context.Context, name string, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "nsenter", append([]string{"--net=" + namespacePath(n.name), "--", name}, args...)...)
}

// Listen opens a TCP socket at a port of the bridge's address.
func (n *Network) Listen(port uint16) (net.Listener, error) {
	return n.ListenAt(netip.AddrPortFrom(n.gateway.Addr(), port))
}

// ListenAt opens a TCP socket inside the network; hosts do not reach one at 127.0.0.1.
func (n *Network) ListenAt(address netip.AddrPort) (listener net.Listener, err error) {
	err = n.inside(func() error {
		listener, err = net.Listen("tcp", address.String())
		return err
	})
	return listener, err
}

// ListenPacket opens a UDP socket inside the network.
func (n *Network) ListenPacket(address netip.AddrPort) (socket net.PacketConn, err error) {
	err = n.inside(func() error {
		socket, err = net.ListenPacket("udp", address.String())
		return err
	})
	return socket, err
}

// Dial tells whether a TCP port can be connected to from inside the network, within a second.
func (n *Network) Dial(address netip.AddrPort) error {
	return n.inside(func() error {
		connection, err := net.DialTimeout("tcp", address.String(), time.Second)
		if err != nil {
			return err
		}
		return connection.Close()
	})
}

// inside calls do on a thread that is in the network's namespace.
func (n *Network) inside(do func() error) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	own, err := netns.Get()
	if err != nil {
		return err
	}
	defer func() { _ = own.Close() }()
	there, err := netns.GetFromName(n.name)
	if err != nil {
		return err
	}
	defer func() { _ = there.Close() }()
	if err := netns.Set(there); err != nil {
		return err
	}
	err = do()
	if restore := netns.Set(own); restore != nil {
		panic(restore) // this thread would go on in the wrong network
	}
	return err
}

// Tap makes an interface on the bridge for a machine that is no Host, and that opens it by its name.
func (n *Network) Tap(ctx context.Context, name string) error {
	return ip(ctx, n.name, "tuntap add dev "+name+" mode tap", "link set "+name+" master bridge up")
}

// Close removes the network. Its hosts must be gone.
func (n *Network) Close() error { return ip(context.Background(), "", "netns del "+n.name) }

// attach makes the network namespace of one host, joined to the bridge, and returns its name.
func (n *Network) attach(ctx context.Context, host string, address netip.Addr) (string, error) {
	namespace := n.name + "-" + host
	if err := ip(ctx, "", "netns add "+namespace); err != nil {
		return "", err
	}
	port := fmt.Sprintf("p%x", address.AsSlice()[address.BitLen()/8-4:])
	if err := ip(ctx, n.name,
		"link add "+port+" type veth peer name host0 netns "+namespace,
		"link set "+port+" master bridge up"); err != nil {
		return "", err
	}
	return namespace, ip(ctx, namespace,
		"link set lo up",
		addAddress(netip.PrefixFrom(address, n.gateway.Bits()))+" dev host0",
		"link set host0 up",
		"route add default via "+n.gateway.Addr().String())
}

// addAddress is a command of ip(8). An address of IPv6 is used at once, and not only after a second in which nobody else has it.
func addAddress(address netip.Prefix) string {
	if address.Addr().Is6() {
		return "addr add " + address.String() + " nodad"
	}
	return "addr add " + address.String()
}

func namespacePath(name string) string { return "/run/netns/" + name }

// ip runs commands of ip(8) in a network namespace; "" is the process's own.
func ip(ctx context.Context, namespace string, commands ...string) error {
	args := []string{"-batch", "-"}
	if namespace != "" {
		args = append([]string{"-n", namespace}, args...)
	}
	cmd := exec.CommandContext(ctx, "ip", args...)
	cmd.Stdin = strings.NewReader(strings.Join(commands, "\n") + "\n")
	if output, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip in namespace %q: %w: %s\n%s", namespace, err, output, strings.Join(commands, "\n"))
	}
	return nil
}

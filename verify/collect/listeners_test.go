package collect

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"testing"
)

func TestOwnListenersAreFound(t *testing.T) {
	for _, address := range []string{"127.9.8.7:0", "[::1]:0"} {
		l, err := net.Listen("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		found := listeners(strconv.Itoa(os.Getpid()))
		var all []string
		for _, a := range found.Addresses {
			all = append(all, a.String())
		}
		if found.Fault != "" || !slices.Contains(all, l.Addr().String()) {
			t.Errorf("%s is not among %v (%s)", l.Addr(), all, found.Fault)
		}
	}
}

func TestAddressesOfTheKernelAreRead(t *testing.T) {
	for in, want := range map[string]string{
		"0100007F:094B":                         "127.0.0.1:2379",
		"00000000:094C":                         "0.0.0.0:2380",
		"00000000000000000000000001000000:0016": "[::1]:22",
		"0000000000000000FFFF00000200A8C0:0050": "192.168.0.2:80",
	} {
		if got, err := kernelAddress(in); err != nil || got.String() != want {
			t.Errorf("%s is %s (%v), want %s", in, got, err, want)
		}
	}
	for _, in := range []string{"", "01:22", "zz:1", "0100007F"} {
		if got, err := kernelAddress(in); err == nil {
			t.Errorf("%q is %s, want an error", in, fmt.Sprint(got))
		}
	}
}

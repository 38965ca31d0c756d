//go:build e2e

package qemu

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/golden"
)

// timesyncd has the machines ask the bridge for the time, and soon again where the port is closed.
const timesyncd = "[Time]\nNTP=" + golden.Gateway + "\nFallbackNTP=\nConnectionRetrySec=2\n"

// serveTime tells the machines the time of the one that the test runs on, from now until the test ends.
func (l *lab) serveTime() {
	l.t.Helper()
	socket, err := l.net.ListenPacket(netip.MustParseAddrPort(golden.Gateway + ":123"))
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(func() { _ = socket.Close() })
	go func() {
		question := make([]byte, 512)
		for {
			size, from, err := socket.ReadFrom(question)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			if err == nil && size >= 48 {
				_, _ = socket.WriteTo(timeAnswer(question, time.Now()), from) // they ask again
			}
		}
	}()
}

// timeAnswer is what a server with a clock of its own answers (RFC 5905, section 7.3).
func timeAnswer(question []byte, now time.Time) []byte {
	const (
		version4Server = 4<<3 | 4
		stratum        = 1
		since1900      = 2208988800
	)
	timestamp := uint64(now.Unix()+since1900)<<32 | uint64(now.Nanosecond())<<32/1e9
	answer := make([]byte, 48)
	answer[0], answer[1], answer[2] = version4Server, stratum, question[2]
	copy(answer[12:16], "LOCL")
	binary.BigEndian.PutUint64(answer[16:], timestamp) // set
	copy(answer[24:32], question[40:48])               // asked, by the client's clock
	binary.BigEndian.PutUint64(answer[32:], timestamp) // received
	binary.BigEndian.PutUint64(answer[40:], timestamp) // sent
	return answer
}

// waitsForTheTime waits until the machine says that it does, and tells what it takes the time for; etcd must not run.
func (m *machine) waitsForTheTime() string {
	l := m.lab
	l.t.Helper()
	var saw string
	err := host.Eventually(l.ctx, func() error {
		_, after, said := strings.Cut(m.consoleText(), "the clock says ")
		clock, _, whole := strings.Cut(after, ", before the certificates are valid: waiting for time synchronisation")
		if !said || !whole {
			return errors.New(m.Name + " does not say that it waits for the time")
		}
		saw = clock
		return nil
	})
	if err != nil {
		l.t.Fatalf("%v: see %s", err, l.logs)
	}
	for _, port := range []string{"2379", "2380"} {
		if err := l.net.Dial(netip.MustParseAddrPort(m.Address + ":" + port)); !errors.Is(err, syscall.ECONNREFUSED) {
			l.t.Errorf("port %s of %s before its clock is right: %v, want: connection refused", port, m.Name, err)
		}
	}
	return saw
}

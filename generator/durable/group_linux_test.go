package durable

import (
	"errors"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// The kernel tells an error once: those who come later may be whom it is about.
func TestAnErrorIsToldToAllWhoComeLater(t *testing.T) {
	closed, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	closed.Close()
	s := &fileSystem{root: closed}
	first := s.sync()
	if !errors.Is(first, unix.EBADF) {
		t.Fatalf("error %v, want a bad file descriptor", first)
	}
	healthy, err := os.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer healthy.Close()
	s.root = healthy
	if later := s.sync(); later != first {
		t.Errorf("later: %v, want the first error again", later)
	}
}

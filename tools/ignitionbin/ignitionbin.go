// Package ignitionbin builds the real Ignition from the Go module proxy for tests, once, into .cache/ignition of the
// repository. Its version is pinned, with its checksum, by the module in tools/ignition. It runs nothing.
package ignitionbin

import (
	"context"
	"path/filepath"

	"github.com/etcdbake/etcdbake/tools/internal/modbin"
)

// Apply returns the absolute path of ignition-apply, which does what Ignition does on a host but for disks and users: it
// writes a config's files and units below a folder. It is built if it is not there or if the tool module or the Go
// version has changed; that takes a C compiler and libblkid's headers.
func Apply(ctx context.Context) (string, error) {
	root, err := modbin.Root()
	if err != nil {
		return "", err
	}
	// What Ignition does depends on the name that it is called by.
	program := modbin.Program{Package: "github.com/coreos/ignition/v2/internal", Name: "ignition-apply", CGO: true}
	out := filepath.Join(root, ".cache", "ignition")
	err = modbin.Ensure(ctx, filepath.Join(root, "tools", "ignition"), out, []modbin.Program{program})
	return filepath.Join(out, program.Name), err
}

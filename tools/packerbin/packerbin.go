// Package packerbin builds real Packer and its QEMU plugin from the Go module proxy for tests, once per version, into
// .cache/packer of the repository. Versions are pinned, with their checksums, by the modules in tools/packer and
// tools/packer111. It runs none of them.
package packerbin

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/tools/internal/modbin"
)

// Newest and Oldest are the Packer versions that our plugin is tested with.
const (
	Newest = "1.15.0"
	Oldest = "1.11.2"
)

const (
	packerModule = "github.com/hashicorp/packer"
	qemuModule   = "github.com/hashicorp/packer-plugin-qemu"
)

// modules returns the tool module's folder by the version of Packer that it pins.
func modules() map[string]string {
	return map[string]string{Newest: "tools/packer", Oldest: "tools/packer111"}
}

// Packer returns the absolute path of a static packer ("1.15.0"), building it if it is not there or if the tool module or
// the Go version has changed. Processes that ask at the same time wait for the first one.
func Packer(ctx context.Context, version string) (string, error) {
	module, ok := modules()[version]
	if !ok {
		known := slices.Sorted(maps.Keys(modules()))
		return "", fmt.Errorf("packer %s is not pinned in tools/: use one of %s", version, strings.Join(known, ", "))
	}
	return build(ctx, module, version, modbin.Program{Package: packerModule, Name: "packer"})
}

// QEMUPlugin returns the absolute path of packer-plugin-qemu, built like Packer.
func QEMUPlugin(ctx context.Context) (string, error) {
	return build(ctx, modules()[Newest], "qemu", modbin.Program{Package: qemuModule, Name: "packer-plugin-qemu"})
}

// build returns the path of a program in the folder of the cache, which holds nothing else.
func build(ctx context.Context, module, folder string, program modbin.Program) (string, error) {
	root, err := modbin.Root()
	if err != nil {
		return "", err
	}
	out := filepath.Join(root, ".cache", "packer", folder)
	err = modbin.Ensure(ctx, filepath.Join(root, module), out, []modbin.Program{program})
	return filepath.Join(out, program.Name), err
}

// Package realpacker runs a real Packer for tests, with plugins that were built here, and nothing of the machine's own:
// configuration, plugins and cache are in a folder of the test's. What is built is the test's template to say.
package realpacker

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Packer is a Packer with its plugins.
type Packer struct {
	binary, home string
}

// New makes a Packer of a binary with a home of its own, a folder that need not be there, and installs plugins into it: paths
// of their binaries, by source, such as "github.com/etcdbake/etcd".
func New(ctx context.Context, binary, home string, plugins map[string]string) (*Packer, error) {
	p := &Packer{binary: binary, home: home}
	if err := os.MkdirAll(home, 0o755); err != nil {
		return nil, err
	}
	for source, path := range plugins {
		cmd := exec.CommandContext(ctx, binary, "plugins", "install", "--path", path, source)
		cmd.Env = p.Env()
		if output, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, output)
		}
	}
	return p, nil
}

// Args is the command line that builds the template in a folder.
func (p *Packer) Args(template string) []string {
	return []string{p.binary, "build", "-color=false", template}
}

// Env is the environment that every command of Packer needs.
func (p *Packer) Env() []string {
	return append(os.Environ(),
		"HOME="+p.home,
		"PACKER_CONFIG_DIR="+p.home,
		"PACKER_PLUGIN_PATH="+filepath.Join(p.home, "plugins"),
		"PACKER_CACHE_DIR="+filepath.Join(p.home, "cache"),
		"CHECKPOINT_DISABLE=1", // no traffic to its makers
	)
}

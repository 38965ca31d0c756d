// Package realpacker runs a real Packer for tests, with plugins that were built here, and nothing of the machine's own:
// configuration, plugins and cache are in folders of the test's. What is built is the test's template to say.
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
	binary, plugins string
}

// New makes a Packer of a binary, and installs plugins for it into a folder: paths of their binaries, by source, such as
// "github.com/etcdbake/etcd".
func New(ctx context.Context, binary, folder string, plugins map[string]string) (*Packer, error) {
	p := &Packer{binary: binary, plugins: folder}
	for source, path := range plugins {
		cmd := exec.CommandContext(ctx, binary, "plugins", "install", "--path", path, source)
		cmd.Env = p.Env(folder)
		if output, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, output)
		}
	}
	return p, nil
}

// Args is the command line that builds a template.
func (p *Packer) Args(template string) []string {
	return []string{p.binary, "build", "-color=false", template}
}

// Env is the environment that every command of Packer needs; home is a folder for what it keeps.
func (p *Packer) Env(home string) []string {
	return append(os.Environ(),
		"HOME="+home,
		"PACKER_CONFIG_DIR="+home,
		"PACKER_PLUGIN_PATH="+p.plugins,
		"PACKER_CACHE_DIR="+filepath.Join(home, "cache"),
		"CHECKPOINT_DISABLE=1", // no traffic to its makers
	)
}

package packer

import (
	"maps"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"
)

// command returns the command line that runs the script at path as root. sudo tells whether the communicator's user is not
// root, generated is what Packer knows of the build.
func (c *Config) command(path string, sudo bool, generated map[string]any) (string, error) {
	data := map[string]any{}
	maps.Copy(data, generated)
	maps.Copy(data, map[string]any{"Path": shellescape.Quote(path), "Vars": c.environment(), "Sudo": sudo})
	ctx := c.ctx
	ctx.Data = data
	return interpolate.Render(c.ExecuteCommand, &ctx)
}

// environment is the scripts' environment variables, by name, as a shell's or env's words.
func (c *Config) environment() string {
	vars := map[string]string{}
	for _, v := range c.Vars {
		name, value, _ := strings.Cut(v, "=")
		vars[name] = value
	}
	maps.Copy(vars, c.Env)
	var words []string
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		words = append(words, name+"="+shellescape.Quote(vars[name]))
	}
	return strings.Join(words, " ")
}

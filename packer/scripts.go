package packer

import (
	"fmt"
	"path"

	"al.essio.dev/pkg/shellescape"

	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/templates"
)

// Names of the scripts in our folder on the guest, in the order in which they run; stopName only after a cancellation.
const (
	waitName    = "wait"
	installName = "install"
	unusedName  = "unused" // before cleanName, which removes the logs that tell
	cleanName   = "clean"
	sealName    = "seal"
	stopName    = "stop"
)

// scripts are all scripts by their names.
func (g *guest) scripts(layout plan.Layout, uploaded bool) (map[string]string, error) {
	scripts := map[string]string{
		installName: g.preamble() + g.installScript(layout, uploaded),
		stopName:    g.stopScript(),
	}
	seal := "strict"
	if g.config.Clean.False() {
		seal = "lenient"
	}
	for _, s := range []struct{ name, template, argument string }{
		{waitName, templates.ImageWait, ""},
		{unusedName, templates.ImageSeal, "unused"},
		{cleanName, templates.ImageClean, ""},
		{sealName, templates.ImageSeal, seal},
	} {
		text, err := templates.Render(s.template, nil)
		if err != nil {
			return nil, err
		}
		scripts[s.name] = g.preamble() + "set -- " + s.argument + "\n" + string(text)
	}
	return scripts, nil
}

// preamble begins a script that runs as root: it notes the process group, for stopScript.
func (g *guest) preamble() string {
	return "#!/bin/sh\nset -eu\nread -r _ _ _ _ group _ </proc/$$/stat\necho \"$group\" >" + g.quoted(groupName) + "\n"
}

// stopScript ends what another script has started. It runs in a session of its own.
func (g *guest) stopScript() string {
	return fmt.Sprintf(`#!/bin/sh
set -eu
read -r _ _ _ _ own _ </proc/$$/stat
[ -s %[1]s ] || exit 0
read -r group <%[1]s
if [ "$group" -gt 1 ] && [ "$group" != "$own" ]; then
	kill -s TERM -- "-$group" 2>/dev/null || echo 'nothing runs any more'
fi
`, g.quoted(groupName))
}

// quoted is the path of a name in our folder, for a shell.
func (g *guest) quoted(name string) string { return shellescape.Quote(path.Join(g.folder, name)) }

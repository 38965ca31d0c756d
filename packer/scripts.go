package packer

import (
	"fmt"
	"path"

	"al.essio.dev/pkg/shellescape"

	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/templates"
)

// Names of the scripts in our folder on the guest, in the order in which they run.
const (
	waitName    = "wait"
	installName = "install"
	unusedName  = "unused" // before cleanName, which removes the logs that tell
	cleanName   = "clean"
	sealName    = "seal"
)

// scripts are all scripts by their names.
func (g *guest) scripts(layout plan.Layout, uploaded bool) (map[string]string, error) {
	scripts := map[string]string{
		installName: g.preamble() + g.installScript(layout, uploaded),
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

// preamble begins a script that runs as root: it waits in the background until the lifeline ends, and ends everything then.
func (g *guest) preamble() string {
	return fmt.Sprintf(`#!/bin/sh
set -eu
if read -r word && [ "$word" = %[1]s ]; then
	read -r _ _ _ _ group _ </proc/$$/stat
	exec 3<&0 </dev/null
	(
		while read -r _; do :; done <&3
		rm -rf %[2]s
		kill -s TERM -- "-$group"
	) >/dev/null 2>&1 &
	watcher=$!
	exec 3<&-
	trap 'kill "$watcher"' EXIT
fi
`, holdWord, shellescape.Quote(g.folder))
}

// quoted is the path of a name in our folder, for a shell.
func (g *guest) quoted(name string) string { return shellescape.Quote(path.Join(g.folder, name)) }

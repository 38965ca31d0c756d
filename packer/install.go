package packer

import (
	"fmt"
	"path"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// installScript puts the layout's files into their places and runs its Install. uploaded tells whether the release is in our
// folder; else the guest downloads it.
func (g *guest) installScript(layout plan.Layout, uploaded bool) string {
	var b strings.Builder
	b.WriteString(g.preamble())
	b.WriteString("umask 022\n")
	for i, f := range layout.Files {
		fmt.Fprintf(&b, "install -D -m %04o %s %s\n", f.Mode.Perm(), g.quoted(fileName(i)), shellescape.Quote(f.Path))
	}
	if uploaded {
		fmt.Fprintf(&b, "install -D -m 0644 %s %s\n", g.quoted(tarballName), shellescape.Quote(layout.Cache))
	}
	fmt.Fprintf(&b, "%s %s\n", shellescape.QuoteCommand(layout.Install), g.quoted(envName))
	return b.String()
}

// preamble begins every script that runs as root: it notes the process group, for stopScript.
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
if [ "$group" -gt 1 ] && [ "$group" != "$own" ] && kill -0 -- "-$group" 2>/dev/null; then
	kill -TERM -- "-$group"
fi
`, g.quoted(groupName))
}

// quoted is the path of a name in our folder, for a shell.
func (g *guest) quoted(name string) string { return shellescape.Quote(path.Join(g.folder, name)) }

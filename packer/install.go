package packer

import (
	"fmt"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// installScript puts the layout's files into their places and runs its Install. uploaded tells whether the release is in our
// folder; else the guest downloads it.
func (g *guest) installScript(layout plan.Layout, uploaded bool) string {
	var b strings.Builder
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

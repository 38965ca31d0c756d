package packer

import (
	"context"
	"fmt"
	"strings"
)

// seal runs one of the scripts that look for what must not be in an image. Its error has everything that was found.
func (g *guest) seal(ctx context.Context, script string) error {
	var findings []string
	err := g.run(ctx, script, func(line string) {
		if finding, ok := strings.CutPrefix(line, "found "); ok {
			findings = append(findings, finding)
		} else {
			g.indent(line)
		}
	})
	switch {
	case ctx.Err() != nil:
		return err
	case len(findings) > 0:
		hint := "remove it in a provisioner before this one, or do not put it there"
		if g.config.Clean.False() {
			hint += "; clean = true removes what every guest has of its own"
		}
		return fmt.Errorf("the image must not hold what was found:\n  %s\nhint: %s", strings.Join(findings, "\n  "), hint)
	case err != nil:
		return fmt.Errorf("looking for what an image must not hold: %w", err)
	}
	return nil
}

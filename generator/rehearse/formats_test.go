package rehearse_test

import (
	"testing"

	"github.com/etcdbake/etcdbake/generator/rehearse"
	"github.com/etcdbake/etcdbake/generator/spec"
)

func TestHostsOfEveryFormatAreRehearsed(t *testing.T) {
	t.Parallel()
	for _, format := range []string{spec.CloudConfigFormat, spec.ScriptFormat, spec.IgnitionFormat, spec.NoCloudFormat} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			artefacts := generate(t, "name: test\ntarget: {format: "+format+"}\n"+subnets)
			expectPass(t, start(t, artefacts, rehearse.Options{}).Outcome)
		})
	}
}

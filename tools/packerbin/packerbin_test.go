//go:build e2e

package packerbin

import (
	"os/exec"
	"strings"
	"testing"
)

func TestEveryPinnedVersionBuildsAndSaysItsVersion(t *testing.T) {
	for version := range modules() {
		cmd := exec.CommandContext(t.Context(), Need(t, version), "version")
		cmd.Env = append(cmd.Environ(), "CHECKPOINT_DISABLE=1")
		out, err := cmd.CombinedOutput()
		if want := "Packer v" + version + "\n"; err != nil || string(out) != want {
			t.Errorf("packer version = %q, %v; want %q", out, err, want)
		}
	}
}

func TestTheQEMUPluginDescribesItself(t *testing.T) {
	plugin, err := QEMUPlugin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.CommandContext(t.Context(), plugin, "describe").Output()
	if want := `"version":"1.0.9"`; err != nil || !strings.Contains(string(out), want) {
		t.Errorf("%s describe = %s, %v; want it to have %s", plugin, out, err, want)
	}
}

func TestAVersionThatIsNotPinnedIsRefusedByName(t *testing.T) {
	_, err := Packer(t.Context(), "1.14.0")
	want := "packer 1.14.0 is not pinned in tools/: use one of 1.11.2, 1.15.0"
	if err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
}

package etcdbin

import (
	"os/exec"
	"strings"
	"testing"
)

func TestEveryPinnedVersionBuildsAndSaysItsVersion(t *testing.T) {
	for _, version := range Versions() {
		binaries := Need(t, version)
		for path, argument := range map[string]string{binaries.Etcd: "--version", binaries.Etcdctl: "version", binaries.Etcdutl: "version"} {
			out, err := exec.CommandContext(t.Context(), path, argument).CombinedOutput()
			if err != nil {
				t.Fatalf("%s %s: %v\n%s", path, argument, err, out)
			}
			first, _, _ := strings.Cut(string(out), "\n")
			if want := ": " + version; !strings.HasSuffix(first, want) {
				t.Errorf("%s %s = %q, want it to end in %q", path, argument, first, want)
			}
		}
	}
}

func TestAVersionThatIsNotPinnedIsRefusedByName(t *testing.T) {
	_, err := Build(t.Context(), "3.4.0")
	want := "etcd 3.4.0 is not pinned in tools/: use one of 3.5.35, 3.6.14, 3.7.3"
	if err == nil || err.Error() != want {
		t.Fatalf("got %v, want %s", err, want)
	}
}

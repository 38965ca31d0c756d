package verifycmd

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
)

func TestWhatMakesNoSenseForChecksIsRefused(t *testing.T) {
	good := expectation(t, t.TempDir())
	const names = "reach, identity, closed, membership, consensus, health, settings, data, canary, host"
	for _, test := range []struct {
		name string
		args []string
		want string
	}{
		{"no such check", []string{"--expect", good, "--only", "heath"}, `there is no check "heath": the checks are ` + names},
		{"no such check to skip", []string{"--expect", good, "--skip", "x,data"}, `there is no check "x": the checks are ` + names},
		{"nothing left", []string{"--expect", good, "--only", "data", "--skip", "data"}, "no check is left: the checks are " + names},
		{"negative watching", []string{"--expect", good, "--watch", "-1s"}, "--watch -1s is negative"},
		{"waiting and watching", []string{"--expect", good, "--watch", "1s", "--wait", "1s"},
			"--wait and --watch exclude each other: --watch repeats in any case"},
		{"a member of no host", []string{"--expect", good, "--member", "m1"},
			"--member says which member --host is on: give --host too"},
		{"a host without an expectation", []string{"--endpoints", "h:1", "--host"},
			"--host compares this machine with an expectation: give --expect out/expect.json"},
		{"another host", []string{"--expect", good, "--host", "--member", "m2"},
			"which member is this host? 0 fit: name one of m1"},
		{"a share above 1", []string{"--expect", good, "--quota-warn", "80"},
			"limits of the quota and of what is in use are shares: above 0, and at most 1"},
		{"a limit of nothing", []string{"--expect", good, "--max-fsync", "0s"},
			"the limits of fsync, commit, round trip and clock skew must be positive"},
	} {
		t.Run(test.name, func(t *testing.T) {
			code, stdout, stderr := run(nil, test.args...)
			if code != cli.ExitUsage || stdout != "" {
				t.Errorf("exit %d with stdout %q, want 2 and nothing", code, stdout)
			}
			if diff := cmp.Diff("etcd-verify: "+test.want+"\n", stderr); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryCheckIsListedWithWhatItProvesAndNeeds(t *testing.T) {
	code, stdout, stderr := run(nil, "checks")
	if code != cli.ExitOK || stderr != "" {
		t.Errorf("exit %d, stderr %q", code, stderr)
	}
	for _, name := range checkNames() {
		if !strings.Contains(stdout, name+"\n  proves: ") {
			t.Errorf("%s is not listed:\n%s", name, stdout)
		}
	}
	if got, want := strings.Count(stdout, "\n  needs:  "), len(checkNames()); got != want {
		t.Errorf("%d checks say what they need, want %d", got, want)
	}
}

package verify_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdbake/etcdbake/tools/etcdbin"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/internal/etcdtest"
	"github.com/etcdbake/etcdbake/verify/report"
)

// documented are the etcdctl commands of docs/verify.md that make a user with the least rights.
func documented(t *testing.T) string {
	t.Helper()
	doc, err := os.ReadFile("../docs/verify.md")
	must(t, err)
	var lines []string
	for line := range strings.Lines(string(doc)) {
		if command, ok := strings.CutPrefix(line, "    etcdctl role "); ok {
			lines = append(lines, "etcdctl role "+command)
		}
		if command, ok := strings.CutPrefix(line, "    etcdctl user "); ok {
			lines = append(lines, "etcdctl user "+command)
		}
	}
	if len(lines) == 0 {
		t.Fatal("docs/verify.md shows no such commands")
	}
	return "set -e\n" + strings.Join(lines, "")
}

// shell runs a script as root of the cluster, with etcdctl of the version.
func shell(t *testing.T, c *etcdtest.Cluster, script string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "sh", "-c", script)
	bin := filepath.Dir(etcdbin.Need(t, c.Version).Etcdctl)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "ETCDCTL_ENDPOINTS="+c.Endpoints()[0])
	cmd.Env = append(cmd.Env, c.Env(c.Verifier)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
}

func TestTheDocumentedRoleIsEnoughForEveryCheckAndForNothingElse(t *testing.T) {
	for _, version := range etcdbin.Versions() {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, version, 3)
			c.Start()
			shell(t, c, documented(t))
			enableAuth(t, c)
			leaf := c.CA.Issue(t, etcdtest.Template("verify"))
			r := run(t, verify.Options{
				Expect: c.Expect(), Credentials: verify.Credentials{CA: c.CA.PEM, Cert: leaf.CertPEM, Key: leaf.KeyPEM},
			})
			if r.Verdict != report.Pass || len(blamed(r)) > 0 {
				t.Errorf("verdict is %s; blamed: %v", r.Verdict, blamed(r))
				show(t, r)
			}
			for _, x := range r.Results {
				if x.Check == "canary" && x.Verdict != report.Pass || x.Subject == "hash" && x.Verdict != report.Skip {
					t.Errorf("%s %s: %s: %s", x.Verdict, x.Check, x.Subject, x.Seen)
				}
			}
			c.Verifier = leaf
			client := c.Client(c.Members[0])
			if _, err := client.Put(t.Context(), "/registry/x", "v"); err == nil {
				t.Error("the role writes where it should not")
			}
			if _, err := client.Get(t.Context(), "/registry/x"); err == nil {
				t.Error("the role reads where it should not")
			}
		})
	}
}

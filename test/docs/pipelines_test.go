package docs_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"github.com/etcdbake/etcdbake/test/internal/commands"
)

func TestYAMLForOtherProgramsIsYAML(t *testing.T) {
	each(t, func(t *testing.T, path, markdown string) {
		for _, b := range blocks(markdown) {
			if b.language != "yaml" || isSpec(b) {
				continue
			}
			var value any
			if err := yaml.Unmarshal([]byte(b.text), &value); err != nil {
				t.Errorf("%s:%d: %v", path, b.line, err)
			}
		}
	})
}

// TestPipelinesRunEtcdVerifyAsItIs runs each etcd-verify of docs/pipelines.md with the paths of a scratch folder, on a cluster
// that is down: it must understand its flags, fail as the format says, and leave the files that it names.
func TestPipelinesRunEtcdVerifyAsItIs(t *testing.T) {
	bin := commands.Build(t, "etcdbake", "etcd-verify")
	scratch := deadCluster(t, bin)
	markdown, err := os.ReadFile(filepath.Join(root, "docs", "pipelines.md"))
	if err != nil {
		t.Fatal(err)
	}
	ran := 0
	for _, b := range blocks(string(markdown)) {
		for _, command := range regexp.MustCompile(`etcd-verify --[^'\n]+`).FindAllString(b.text, -1) {
			ran++
			local := strings.NewReplacer("/etc/etcd-verify/", scratch+"/", "/var/lib/node_exporter", scratch, "--wait 10m", "--wait 1s").
				Replace(command)
			want := 1
			if strings.Contains(command, "--output nagios") {
				want = 2
			}
			if output, code := inScratch(t, scratch, bin, local); code != want {
				t.Errorf("docs/pipelines.md:%d: %s\nexit %d, want %d:\n%s", b.line, command, code, want, output)
			}
			for _, m := range regexp.MustCompile(`--output [a-z]+=(\S+)`).FindAllStringSubmatch(local, -1) {
				path := m[1]
				if !filepath.IsAbs(path) {
					path = filepath.Join(scratch, path)
				}
				if err := os.Remove(path); err != nil {
					t.Errorf("docs/pipelines.md:%d: %s leaves no %s: %v", b.line, command, m[1], err)
				}
			}
		}
	}
	if ran < 5 {
		t.Errorf("only %d commands were found", ran)
	}
}

// deadCluster is a folder with what etcdbake generates for a cluster at loopback addresses, where nothing listens.
func deadCluster(t *testing.T, bin string) string {
	t.Helper()
	dir := t.TempDir()
	spec := []byte(smallest["name"] + smallest["members"])
	if err := os.WriteFile(filepath.Join(dir, "cluster.yaml"), spec, 0o600); err != nil {
		t.Fatal(err)
	}
	if output, code := inScratch(t, dir, bin, "etcdbake generate"); code != 0 {
		t.Fatalf("exit %d: %s", code, output)
	}
	expectation := filepath.Join(dir, "out", "expect.json")
	data, err := os.ReadFile(expectation)
	if err != nil {
		t.Fatal(err)
	}
	data = bytes.ReplaceAll(data, []byte("https://10.0.0."), []byte("https://127.0.0."))
	for path, content := range map[string][]byte{expectation: data, filepath.Join(dir, "expect.json"): data} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, from := range []string{"ca.pem", "clients/verify.pem", "clients/verify-key.pem"} {
		if err := os.Link(filepath.Join(dir, "pki", from), filepath.Join(dir, filepath.Base(from))); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// inScratch runs a command in dir and returns what it printed and its exit code.
func inScratch(t *testing.T, dir, bin, command string) (string, int) {
	t.Helper()
	cmd := exec.Command("sh", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "HOME="+dir,
		"ETCDCTL_CACERT="+dir+"/ca.pem", "ETCDCTL_CERT="+dir+"/verify.pem", "ETCDCTL_KEY="+dir+"/verify-key.pem")
	output, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(output), cmd.ProcessState.ExitCode()
}

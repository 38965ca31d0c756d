//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"text/template"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/release"
)

// freeText has what breaks out of YAML, an environment file, systemd or a shell where quoting is wrong.
const freeText = `two  words, it's "quoted" 'twice' $HOME ${PATH} $(id) ` + "`id`" + ` 100% %n %% back\slash \n \\ # ; & | < > * ? ! {a,b} é ~`

// cluster is a lab whose hosts boot what the real etcdbake has generated.
type cluster struct {
	*lab
	dir string // cluster.yaml, pki and out
	// plain is what cloud-init has against a host without user-data.
	plain []string
}

// newCluster generates a cluster of three members that get etcd from the mirrors, and installs its hosts.
func newCluster(t *testing.T, mirrors ...string) *cluster {
	t.Helper()
	return newClusterWith(t, "", mirrors...)
}

// newClusterWith has further lines in its spec: whole sections that the others have not.
func newClusterWith(t *testing.T, further string, mirrors ...string) *cluster {
	t.Helper()
	c := &cluster{lab: newLab(t), dir: t.TempDir()}
	c.addMembers([]system{rootFS}, further, mirrors...)
	return c
}

// addMembers generates the cluster and installs its hosts, each of its own system or all of one.
func (c *cluster) addMembers(systems []system, further string, mirrors ...string) {
	c.t.Helper()
	c.writeSpec(mirrors, further)
	c.etcdbake("generate")
	for i, address := range addresses() {
		name := fmt.Sprintf("master%d", i+1)
		c.addSystem(systems[i%len(systems)], name, address, c.read("out", "user-data", name+".yaml"))
	}
}

func (c *cluster) writeSpec(mirrors []string, further string) {
	c.t.Helper()
	var urls []string
	for _, base := range mirrors {
		urls = append(urls, mirrorURL(base))
	}
	functions := template.FuncMap{"inc": func(i int) int { return i + 1 }}
	spec, err := template.New("cluster.yaml.tmpl").Funcs(functions).ParseFiles("testdata/cluster.yaml.tmpl")
	if err != nil {
		c.t.Fatal(err)
	}
	var out bytes.Buffer
	if err := spec.Execute(&out, map[string]any{
		"Addresses": addresses(), "Arch": runtime.GOARCH, "Version": version, "SHA256": release.SHA256(c.mirror.tarball),
		"Mirrors": urls, "FreeText": "'" + strings.ReplaceAll(freeText, "'", "''") + "'",
	}); err != nil {
		c.t.Fatal(err)
	}
	out.WriteString(further)
	if err := os.WriteFile(filepath.Join(c.dir, "cluster.yaml"), out.Bytes(), 0o644); err != nil {
		c.t.Fatal(err)
	}
}

// etcdbake runs our command in the cluster's folder.
func (c *cluster) etcdbake(args ...string) {
	c.t.Helper()
	cmd := exec.CommandContext(c.ctx, command("etcdbake"), args...)
	cmd.Dir = c.dir
	if output, err := cmd.CombinedOutput(); err != nil {
		c.t.Fatalf("etcdbake %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}

// read returns a file of the cluster's folder.
func (c *cluster) read(path ...string) []byte {
	c.t.Helper()
	content, err := os.ReadFile(filepath.Join(append([]string{c.dir}, path...)...))
	if err != nil {
		c.t.Fatal(err)
	}
	return content
}

// verify runs our etcd-verify beside the hosts, from outside of them, until the cluster is as expected.
func (c *cluster) verify() {
	c.t.Helper()
	if output, err := c.etcdVerify(c.ctx, "--wait", "90s"); err != nil {
		c.t.Fatalf("etcd-verify: %v\n%s", err, output)
	}
}

func (c *cluster) etcdVerify(ctx context.Context, args ...string) (string, error) {
	cmd := c.net.Command(ctx, command("etcd-verify"), append([]string{
		"--expect", "out/expect.json",
		"--cacert", "pki/ca.pem", "--cert", "pki/clients/verify.pem", "--key", "pki/clients/verify-key.pem",
	}, args...)...)
	cmd.Dir = c.dir
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// show returns one property of a unit on a host.
func (c *cluster) show(h *host.Host, unit, property string) string {
	c.t.Helper()
	return c.exec(h, "systemctl", "show", "--value", "-p", property, unit)
}

// environment returns what etcd really has on a host.
func (c *cluster) environment(h *host.Host) map[string]string {
	c.t.Helper()
	pid, err := strconv.Atoi(c.show(h, "etcd.service", "MainPID"))
	if err != nil || pid == 0 {
		c.t.Fatalf("etcd does not run on %s: %v", h.Name, err)
	}
	variables := map[string]string{}
	for entry := range strings.SplitSeq(c.exec(h, "cat", fmt.Sprintf("/proc/%d/environ", pid)), "\x00") {
		key, value, _ := strings.Cut(entry, "=")
		variables[key] = value
	}
	return variables
}

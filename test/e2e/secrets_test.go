//go:build e2e

package e2e

import (
	"encoding/base64"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/test/e2e/host"
)

// keyTraces returns texts by which a host's keys are recognised, as they are and in base64: it has three forms of each text,
// depending on where it begins.
func (c *cluster) keyTraces(name string) []string {
	c.t.Helper()
	var traces []string
	for _, kind := range []string{"server", "peer"} {
		line := strings.Split(string(c.read("pki", "members", name, kind+"-key.pem")), "\n")[1]
		traces = append(traces, line)
		for shift := range 3 {
			encoded := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat(" ", shift) + line))
			traces = append(traces, encoded[4:len(encoded)-4]) // without what the neighbours have a part in
		}
	}
	return traces
}

// filesWithKeys searches a host as a user for files with one of its keys. /sys and /proc hold no files.
func (c *cluster) filesWithKeys(h *host.Host, id string) []string {
	c.t.Helper()
	const search = `printf '%s\n' "$@" | grep -rlsF --devices=skip -f - /boot /etc /home /mnt /opt /root /run /srv /tmp /usr /var || :`
	args := []string{"--reuid=" + id, "--regid=" + id, "--clear-groups", "sh", "-c", search, "sh"}
	out := c.exec(h, "setpriv", append(args, c.keyTraces(h.Name)...)...)
	files := strings.Fields(out)
	slices.Sort(files)
	return files
}

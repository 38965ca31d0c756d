package spec

import (
	"path"
	"regexp"
	"strings"
)

// DefaultBinDir is where programs are that are no package's (hier(7)), and in every PATH.
const DefaultBinDir = "/usr/local/bin"

// defaultBinDir: /usr/local is read-only on Flatcar (https://github.com/lima-vm/lima/issues/1654), and below /opt SELinux
// takes what is in a folder called bin for programs (/opt/(.*/)?bin(/.*)? in the policy's file_contexts).
func defaultBinDir(format string) string {
	if format == IgnitionFormat {
		return "/opt/bin"
	}
	return DefaultBinDir
}

// binDirForm leaves out what a unit file, a shell or a PATH would take for something else.
var binDirForm = regexp.MustCompile(`^(/[A-Za-z0-9._-]+)+$`)

// checkBinDir checks that hosts can have programs there, and that etcd.service sees them.
func (d *document) checkBinDir(c *Cluster) {
	n, dir := d.node("etcd", "bin_dir"), c.Etcd.BinDir
	if dir == "" || d.bad[n] {
		return
	}
	problem, hint := binDirProblem(dir)
	if problem == "" {
		problem, hint = readOnly(dir, c.Target.Format, c.Etcd.Preinstalled)
	}
	if problem != "" {
		d.errorf(n, hint, "etcd.bin_dir: %q %s", dir, problem)
	}
}

// binDirProblem says why a folder cannot be that of the programs, and what to do; "" if it can.
func binDirProblem(dir string) (problem, hint string) {
	const usual = "use /usr/local/bin or /opt/bin"
	switch {
	case !path.IsAbs(dir):
		return "is not an absolute path", usual
	case path.Clean(dir) != dir:
		return "is not the shortest way to write it", "write " + path.Clean(dir)
	case dir == "/":
		return "is the root folder", usual
	case !binDirForm.MatchString(dir):
		return "has other characters than letters, digits, '-', '.', '_' and '/'", usual
	}
	for _, reason := range []struct {
		problem string
		folders []string
	}{
		{"is hidden from etcd.service (ProtectHome=, PrivateTmp=, PrivateDevices=)",
			[]string{"/home", "/root", "/run/user", "/tmp", "/var/tmp", "/dev"}},
		{"is not kept over a reboot", []string{"/run", "/var/run", "/proc", "/sys"}},
		{"is not for programs: first boot owns it",
			[]string{"/etc/etcd", "/etc/etcdbake", "/var/lib/etcd", "/var/lib/etcdbake", "/var/cache/etcdbake"}},
	} {
		for _, folder := range reason.folders {
			if below(dir, folder) {
				return reason.problem, usual
			}
		}
	}
	return "", ""
}

// readOnly says why nothing can be installed into a folder in this format; "" if it can.
func readOnly(dir, format string, preinstalled bool) (problem, hint string) {
	if format == IgnitionFormat && !preinstalled && below(dir, "/usr") {
		return "is read-only on hosts that Ignition sets up", "use /opt/bin"
	}
	return "", ""
}

func below(dir, folder string) bool { return dir == folder || strings.HasPrefix(dir, folder+"/") }

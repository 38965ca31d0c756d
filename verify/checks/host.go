package checks

import (
	"fmt"
	"io/fs"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/etcdbake/etcdbake/verify/expect"
	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Host proves that the member's own machine is as it was planned: files, programs, units and clock.
type Host struct{}

// About says what the check is.
func (Host) About() About {
	return About{
		Name:   "host",
		Proves: "files, modes, owners, programs, systemd units and clock of this machine are the expected ones",
		Needs:  "--host on a member, --expect, and root to read keys",
	}
}

// Judge has a result per file, program and unit, and one about the clock; none where nobody asked.
func (Host) Judge(c *facts.Cluster) []report.Result {
	h := c.Host
	if h == nil {
		return nil
	}
	about := func(subject string) report.Result { return report.Result{Member: h.Member.Name, Subject: subject} }
	var results []report.Result
	if len(h.Files) == 0 {
		results = append(results, skip(about("files"), "the expectation names none: generate it again with this etcdbake"))
	}
	for _, f := range h.Files {
		results = append(results, file(about(f.Want.Path), f))
	}
	for _, f := range h.Binaries {
		results = append(results, binary(about(f.Want.Path), f, h))
	}
	results = append(results, record(about(expect.ProgramsRecord), h))
	for _, u := range h.Units {
		results = append(results, unit(about(u.Name), u))
		if u.Running != "" {
			results = append(results, listeners(about(u.Name+" listeners"), u.Listeners, ports(c, h.Member)))
		}
	}
	return append(results, synchronised(about("time synchronisation"), h.Clock))
}

// file compares one file or directory.
func file(r report.Result, f facts.HostFile) report.Result {
	const again = "generate the host's user-data again and replace the host, or put the file right"
	r.Evidence = f.Fault
	mode, kind := octal(f.Mode), shape(f.Mode)
	switch {
	case f.Denied:
		return bad(report.Undetermined, r, "", "not readable for us", "run as root")
	case f.Missing:
		r.Heals = true
		return bad(report.Fail, r, "a file", "not there", "has first boot finished? journalctl -u etcdbake-first-boot")
	case f.Fault != "":
		return bad(report.Undetermined, r, "", "cannot be read", "look at the file system: dmesg")
	case f.Want.Directory && kind != "directory", !f.Want.Directory && kind != "file":
		return bad(report.Fail, r, wantedShape(f), "a "+kind, again)
	case !sameMode(f.Want.Mode, f.Mode):
		return bad(report.Fail, r, "mode "+f.Want.Mode, "mode "+mode, "chmod "+f.Want.Mode+" "+f.Want.Path)
	case f.Owner != f.Want.Owner || f.Group != f.Want.Group:
		owner := f.Want.Owner + ":" + f.Want.Group
		r.Heals = true // first boot gives keys to etcd once there is such a user
		return bad(report.Fail, r, "owner "+owner, "owner "+f.Owner+":"+f.Group, "chown "+owner+" "+f.Want.Path)
	case f.KeyFault != "":
		return bad(report.Fail, r, "the key of "+f.Want.KeyOf, f.KeyFault, again)
	case f.Want.SHA256 != "" && f.SHA256 != f.Want.SHA256:
		return bad(report.Fail, r, "SHA-256 "+f.Want.SHA256, "SHA-256 "+f.SHA256, "it was changed on the host: "+again)
	case f.Want.KeyOf != "":
		return pass(r, "mode "+mode+", the key of "+f.Want.KeyOf)
	}
	return pass(r, "mode "+mode+", "+f.Owner+":"+f.Group)
}

// binary is a file that must also be the one that runs, and the one that was installed: by the expectation, else by what
// first boot noted.
func binary(r report.Result, f facts.HostFile, h *facts.Host) report.Result {
	r = file(r, f)
	if r.Verdict != report.Pass {
		return r
	}
	r.Evidence = "SHA-256 " + f.SHA256
	noted := h.Record.Sums[path.Base(f.Want.Path)]
	if f.Want.SHA256 == "" && noted != "" && noted != f.SHA256 {
		return bad(report.Fail, r, "SHA-256 "+noted+", by "+expect.ProgramsRecord, "SHA-256 "+f.SHA256,
			"it is not the program that first boot installed: install it again, or replace the host")
	}
	for _, u := range h.Units {
		running, replaced := strings.CutSuffix(u.Running, " (deleted)")
		if running == f.Want.Path && replaced {
			return bad(report.Warn, r, "the program on disk is the one that runs", "it was replaced since "+u.Name+" started",
				"systemctl restart "+u.Name+", one member at a time")
		}
	}
	return r
}

// record says whether programs were compared with what was installed, where the expectation does not know it. A record that
// others may write proves nothing.
func record(r report.Result, h *facts.Host) report.Result {

	if len(h.Binaries) == 0 {
		return skip(r, "the programs are the image's own, by the expectation")
	}
	var unknown, compared []string
	for _, f := range h.Binaries {
		switch name := path.Base(f.Want.Path); {
		case f.Want.SHA256 != "":
		case h.Record.Sums[name] == "":
			unknown = append(unknown, name)
		default:
			compared = append(compared, name)
		}
	}
	switch f := h.Record.File; {
	case len(unknown)+len(compared) == 0:
		return skip(r, "the expectation itself has the programs' checksums")
	case f.Missing:
		return skip(r, "it is not there: the programs were not installed by first boot, and no checksum was compared")
	case f.Fault != "" || file(r, f).Verdict != report.Pass:
		return file(r, f)
	case len(unknown) > 0:
		return bad(report.Fail, r, "a checksum of every program", "none of "+strings.Join(unknown, ", "),
			"first boot notes all that it installs: the record was changed, or replace the host")
	}
	return pass(r, strings.Join(compared, ", ")+" were compared with it")
}

// unit wants a unit to be enabled, and active, or done without a failure.
func unit(r report.Result, u facts.HostUnit) report.Result {
	journal := "journalctl -u " + u.Name
	done := u.Active == "inactive" && u.Result == "success" && !strings.HasPrefix(u.Name, "etcd.")
	seen := fmt.Sprintf("%s (%s), %s, result %s, restarted %d times", u.Active, u.Sub, u.Enabled, u.Result, u.Restarts)
	switch {
	case u.Fault != "":
		return skip(r, u.Fault)
	case u.Load != "loaded":
		return bad(report.Fail, r, "loaded", u.Load, "the unit file is missing or bad: systemctl status "+u.Name)
	case u.Active == "activating" || u.Active == "reloading":
		r.Heals = true
		return bad(report.Fail, r, "active", seen, "it is still starting, or starts again and again: "+journal)
	case u.Active != "active" && !done:
		return bad(report.Fail, r, "active", seen, journal)
	case u.Enabled != "enabled":
		return bad(report.Fail, r, "enabled", seen, "it will not start at the next boot: systemctl enable "+u.Name)
	case u.Restarts > 0:
		return bad(report.Warn, r, "never restarted by systemd", seen, "it has ended on its own: "+journal)
	}
	return pass(r, seen)
}

// listeners wants etcd to listen on the expected ports alone: a further one may be without TLS.
func listeners(r report.Result, l facts.HostListeners, expected []string) report.Result {
	if l.Fault != "" {
		return skip(r, l.Fault)
	}
	var more, all []string
	for _, a := range l.Addresses {
		all = append(all, a.String())
		if !slices.Contains(expected, strconv.Itoa(int(a.Port()))) {
			more = append(more, a.String())
		}
	}
	if len(more) > 0 {
		return bad(report.Fail, r, "ports "+strings.Join(expected, ", ")+" alone", strings.Join(more, ", "),
			"remove it from listen-client-urls, listen-peer-urls or listen-metrics-urls: it may be open to anyone")
	}
	return pass(r, strings.Join(all, ", "))
}

// ports are those that the member should listen on.
func ports(c *facts.Cluster, m expect.Member) []string {
	urls := slices.Concat(m.ClientURLs, m.PeerURLs)
	if c.Expect != nil {
		urls = append(urls, strings.Split(c.Expect.Settings["ETCD_LISTEN_METRICS_URLS"], ",")...)
	}
	var out []string
	for _, s := range urls {
		if u, err := url.Parse(s); err == nil && u.Port() != "" {
			out = append(out, u.Port())
		}
	}
	return out
}

func synchronised(r report.Result, c facts.HostClock) report.Result {
	switch {
	case c.Fault != "":
		return skip(r, c.Fault)
	case !c.Synchronised:
		r.Heals = true
		return bad(report.Warn, r, "the clock is synchronised", "it is not",
			"run a time service (systemd-timesyncd, chrony): certificates and leases depend on the clock")
	}
	return pass(r, "the clock is synchronised")
}

func shape(m fs.FileMode) string {
	switch {
	case m.IsRegular():
		return "file"
	case m.IsDir():
		return "directory"
	case m&fs.ModeSymlink != 0:
		return "symbolic link"
	}
	return "special file"
}

func wantedShape(f facts.HostFile) string {
	if f.Want.Directory {
		return "a directory"
	}
	return "a file"
}

// octal is the mode as chmod takes it, with setuid, setgid and sticky.
func octal(m fs.FileMode) string {
	n := uint32(m.Perm())
	for bit, special := range map[uint32]fs.FileMode{0o4000: fs.ModeSetuid, 0o2000: fs.ModeSetgid, 0o1000: fs.ModeSticky} {
		if m&special != 0 {
			n |= bit
		}
	}
	return fmt.Sprintf("%04o", n)
}

func sameMode(want string, m fs.FileMode) bool {
	a, errA := strconv.ParseUint(want, 8, 12)
	b, errB := strconv.ParseUint(octal(m), 8, 12)
	return errA == nil && errB == nil && a == b
}

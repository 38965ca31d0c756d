package facts

import (
	"io/fs"
	"net/netip"

	"github.com/etcdbake/etcdbake/verify/expect"
)

// Host is what was seen on a member's own machine.
type Host struct {
	// Member is the expected member that the machine is.
	Member   expect.Member
	Files    []HostFile
	Binaries []HostFile
	// Record is what first boot noted of the programs that it installed.
	Record HostRecord
	Units  []HostUnit
	Clock  HostClock
}

// HostListeners are where processes of a unit's user listen; Fault says why that is not known.
type HostListeners struct {
	Addresses []netip.AddrPort
	Fault     string
}

// HostRecord is the file expect.ProgramsRecord, and what is in it.
type HostRecord struct {
	File HostFile
	// Sums are SHA-256 sums in lower-case hex by the program's name, without its folder; nil where there is no record.
	Sums map[string]string
}

// HostFile is a file or directory, beside what is expected of it.
type HostFile struct {
	Want expect.File
	// Fault says why nothing else could be seen, and Missing and Denied why that is.
	Fault           string
	Missing, Denied bool
	Mode            fs.FileMode
	Owner, Group    string
	// SHA256 is the content's, in lower-case hex; empty for directories and private keys.
	SHA256 string
	// KeyFault says why a private key does not belong to its certificate; empty where it does.
	KeyFault string
}

// HostUnit is a systemd unit, in systemctl's words.
type HostUnit struct {
	Name string
	// Fault says why nothing was seen, as on a machine without systemd.
	Fault                 string
	Load, Active, Enabled string
	Sub, Result           string
	Restarts              int
	// Running is the program of its main process; it ends in " (deleted)" where the file was replaced since. Empty where it
	// is not known.
	Running string
	// Listeners are those of its main process's user, where it has one.
	Listeners HostListeners
}

// HostClock tells whether the clock is synchronised; Fault says why that is not known.
type HostClock struct {
	Synchronised bool
	Fault        string
}

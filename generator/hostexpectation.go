package generator

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// What the first-boot script makes and owns: see templates/files/first-boot.sh.
const (
	etcdUser = "etcd"
	dataDir  = "/var/lib/etcd" // StateDirectory of etcd.service
	etcdUnit = "etcd.service"
)

// expectHost adds what the member's host must look like after first boot. A key is told by its certificate, not by a hash:
// the expectation is public. A
// program's hash is known where its release was given.
func expectHost(m *expect.Member, c *spec.Cluster, host plan.Host, programs []plan.File) {
	private := map[string]bool{}
	m.Files = make([]expect.File, 0, len(host.Directories)+1+len(host.Files))
	for _, d := range host.Directories {
		private[d.Path] = d.Mode&0o077 == 0 // first boot gives these, with all that is in them, to etcd
		m.Files = append(m.Files, owned(expect.File{Path: d.Path, Directory: true, Mode: octal(uint32(d.Mode))}, private[d.Path]))
	}
	m.Files = append(m.Files, owned(expect.File{Path: dataDir, Directory: true, Mode: "0700"}, true))
	for _, f := range host.Files {
		file := expect.File{Path: f.Path, Mode: octal(uint32(f.Mode))}
		if f.Secret {
			file.KeyOf = strings.TrimSuffix(f.Path, "-key.pem") + ".pem"
		} else {
			file.SHA256 = f.SHA256
		}
		m.Files = append(m.Files, owned(file, private[path.Dir(f.Path)]))
	}
	if !c.Etcd.Preinstalled { // else it is the image's business
		for _, name := range []string{"etcd", "etcdctl", "etcdutl"} {
			program := expect.File{Path: path.Join(c.Etcd.BinDir, name), Mode: "0755"}
			if i := slices.IndexFunc(programs, func(f plan.File) bool { return f.Path == program.Path }); i >= 0 {
				program.SHA256 = programs[i].SHA256
			}
			m.Binaries = append(m.Binaries, owned(program, false))
		}
	}
	m.Units = append([]string{host.Unit, etcdUnit}, host.Extra...)
}

func owned(f expect.File, byEtcd bool) expect.File {
	f.Owner, f.Group = "root", "root"
	if byEtcd {
		f.Owner, f.Group = etcdUser, etcdUser
	}
	return f
}

func octal(mode uint32) string { return fmt.Sprintf("%04o", mode) }

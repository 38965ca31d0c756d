package rehearse

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"path"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/generator/rehearse/systemd"
	"github.com/etcdbake/etcdbake/generator/userdata"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// unitPath is the service that must be on every host: from its user-data or from its image.
const unitPath = "/etc/systemd/system/etcd.service"

// host is what one member's user-data makes of a host: everything that its process is started from.
type host struct {
	Name      string
	Addresses []netip.Addr
	Names     []string // that resolve to Addresses
	Files     []userdata.File
	BinDir    string // where first boot installs etcd: user-data does not bring it
	Argv      []string
	Env       systemd.Environment
	Dir       string // working folder
	StateDirs []string
	StateMode fs.FileMode
	Notify    bool
	// Ignored is what systemd would drop of an environment file, one line each.
	Ignored []string
}

// hosts decodes every member's user-data. The error joins all that is wrong with any of them.
func hosts(a *Artefacts) ([]host, error) {
	var all []host
	var problems []error
	for _, m := range a.Expect.Members {
		h, err := decodeHost(m, a.UserData[m.Name], a.Image)
		if err != nil {
			problems = append(problems, fmt.Errorf("user-data of %s: %w", m.Name, err))
			continue
		}
		all = append(all, h)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	return all, address(all, a.Expect)
}

func decodeHost(m expect.Member, data []byte, image []userdata.File) (host, error) {
	config, err := userdata.Decode(data)
	if err != nil {
		return host{}, err
	}
	if err := inspect(config); err != nil {
		return host{}, err
	}
	if _, err := config.ReadFile(unitPath); err != nil {
		config.Files = slices.Concat(image, config.Files)
	}
	content, err := unit(config)
	if err != nil {
		return host{}, fmt.Errorf("it writes no %s, so there is no etcd to start; "+
			"if a golden image has it, out/image is missing: etcdbake generate --image golden", unitPath)
	}
	service, err := systemd.ParseService(content)
	if err != nil {
		return host{}, fmt.Errorf("%s: %w", unitPath, err)
	}
	env, ignored, err := service.Environ(config.ReadFile)
	if err != nil {
		return host{}, fmt.Errorf("%s: %w", unitPath, err)
	}
	if env["ETCD_INITIAL_CLUSTER_STATE"] == "existing" {
		return host{}, errors.New("it joins a running cluster (ETCD_INITIAL_CLUSTER_STATE=existing), which is not here to join: " +
			"rehearse with initial_cluster_state: new in cluster.yaml")
	}
	argv, err := service.Argv(env)
	if err != nil {
		return host{}, fmt.Errorf("%s: %w", unitPath, err)
	}
	h := host{
		Name: m.Name, Files: config.InOrder(), BinDir: binDir(config), Argv: argv, Env: env, Dir: service.WorkingDirectory,
		StateDirs: service.StateDirectories, StateMode: service.StateMode, Notify: service.Notify,
	}
	for path, lines := range ignored {
		for _, line := range lines {
			h.Ignored = append(h.Ignored, fmt.Sprintf("%s: systemd ignores %s", path, line))
		}
	}
	return h, nil
}

// unit returns etcd.service with its drop-ins behind it, which is how systemd reads them, in the order of their names.
func unit(c *userdata.Host) ([]byte, error) {
	content, err := c.ReadFile(unitPath)
	if err != nil {
		return nil, err
	}
	var dropIns []string
	for _, f := range c.Files {
		if path.Dir(f.Path) == unitPath+".d" && path.Ext(f.Path) == ".conf" {
			dropIns = append(dropIns, f.Path)
		}
	}
	slices.Sort(dropIns)
	for _, dropIn := range slices.Compact(dropIns) {
		more, err := c.ReadFile(dropIn)
		if err != nil {
			return nil, err
		}
		content = slices.Concat(content, []byte("\n"), more)
	}
	return content, nil
}

// binDir is where first boot finds or installs etcd, by the BIN_DIR that it is told.
func binDir(c *userdata.Host) string {
	const usual = "/usr/local/bin"
	content, err := c.ReadFile("/etc/etcdbake/first-boot.env")
	if err != nil {
		return usual
	}
	env, _, err := systemd.ParseEnvironmentFile(content)
	if err != nil || !path.IsAbs(env["BIN_DIR"]) {
		return usual
	}
	return env["BIN_DIR"]
}

// inspect looks for what would go wrong on a host before etcd is ever started.
func inspect(c *userdata.Host) error {
	var problems []error
	for _, f := range c.Files {
		if bytes.Contains(f.Content, []byte("PRIVATE KEY-----")) && f.Mode&0o007 != 0 {
			problems = append(problems, fmt.Errorf("%s holds a private key, and mode %04o lets everyone on the host at it", f.Path, f.Mode))
		}
	}
	if len(c.Commands)+len(c.Units) == 0 {
		problems = append(problems, errors.New("it runs no command and enables no unit, so nothing would start etcd"))
	}
	return errors.Join(problems...)
}

// hostsFile is /etc/hosts of everyone in the rehearsal; there is no other way to resolve a name in it.
func hostsFile(all []host) []byte {
	var b strings.Builder
	b.WriteString("127.0.0.1 localhost\n::1 localhost\n")
	for _, h := range all {
		for _, a := range h.Addresses {
			if len(h.Names) > 0 {
				fmt.Fprintf(&b, "%s %s\n", a, strings.Join(h.Names, " "))
			}
		}
	}
	return []byte(b.String())
}

package collect

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/etcdbake/etcdbake/verify/facts"
)

// unit asks systemd for one unit.
func (cfg HostConfig) unit(ctx context.Context, name string) facts.HostUnit {
	u := facts.HostUnit{Name: name}
	p, err := cfg.show(ctx, "systemctl", "show", name,
		"--property=LoadState,ActiveState,SubState,UnitFileState,NRestarts,Result,MainPID")
	if err != nil {
		u.Fault = err.Error()
		return u
	}
	u.Load, u.Active, u.Sub, u.Enabled, u.Result = p["LoadState"], p["ActiveState"], p["SubState"], p["UnitFileState"], p["Result"]
	u.Restarts, _ = strconv.Atoi(p["NRestarts"]) // not told by old versions: 0
	if pid := p["MainPID"]; pid != "" && pid != "0" {
		u.Running, _ = os.Readlink("/proc/" + pid + "/exe") // not allowed to others: empty
		u.Listeners = listeners(pid)
	}
	return u
}

// clock asks systemd whether the kernel's clock is synchronised.
func (cfg HostConfig) clock(ctx context.Context) facts.HostClock {
	p, err := cfg.show(ctx, "timedatectl", "show", "--property=NTPSynchronized")
	switch {
	case err != nil:
		return facts.HostClock{Fault: err.Error()}
	case p["NTPSynchronized"] == "":
		return facts.HostClock{Fault: "timedatectl does not tell"}
	}
	return facts.HostClock{Synchronised: p["NTPSynchronized"] == "yes"}
}

// show runs a command that prints lines of NAME=value.
func (cfg HostConfig) show(ctx context.Context, name string, args ...string) (map[string]string, error) {
	if cfg.Root != "" {
		return nil, fmt.Errorf("not asked: %s is not the running system", cfg.Root)
	}
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
		return nil, fmt.Errorf("%s: %w %s", name, err, first)
	}
	properties := map[string]string{}
	for line := range strings.Lines(string(out)) {
		key, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		properties[key] = value
	}
	return properties, nil
}

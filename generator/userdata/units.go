package userdata

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// unitDirs are where systemd looks for units that an operator wrote (systemd.unit(5)).
func unitDirs() []string { return []string{"/etc/systemd/system", "/usr/local/lib/systemd/system"} }

// followCommands looks through the commands for what becomes of units, and for folders that are made.
func (h *Host) followCommands() {
	for _, c := range h.Commands {
		for _, words := range simpleCommands(c.Words) {
			switch path.Base(words[0]) {
			case "systemctl":
				h.systemctl(words[1:])
			case "mkdir":
				h.mkdir(words[1:])
			}
		}
	}
	for _, f := range h.Files {
		if name := path.Base(f.Path); slices.Contains(unitDirs(), path.Dir(f.Path)) && strings.Contains(name, ".") {
			h.unit(name)
		}
	}
}

// simpleCommands returns the command itself or, where it is a script for the shell, those in it.
func simpleCommands(words []string) [][]string {
	if len(words) == 0 {
		return nil
	}
	if len(words) < 3 || words[1] != "-c" || !slices.Contains([]string{"sh", "bash", "dash"}, path.Base(words[0])) {
		return [][]string{words}
	}
	tree, err := parseShell([]byte(words[2]))
	if err != nil {
		return nil
	}
	var all [][]string
	syntax.Walk(tree, func(n syntax.Node) bool {
		if stmt, ok := n.(*syntax.Stmt); ok {
			if words := callOf(stmt); len(words) > 0 {
				all = append(all, words)
			}
		}
		return true
	})
	return all
}

// unit returns the unit of that name, which is added where it is not there yet.
func (h *Host) unit(name string) *Unit {
	if !strings.Contains(name, ".") {
		name += ".service" // as systemctl(1) does
	}
	if h.units == nil {
		h.units = map[string]int{}
		for i, u := range h.Units {
			h.units[u.Name] = i
		}
	}
	at, known := h.units[name]
	if !known {
		at = len(h.Units)
		h.units[name] = at
		h.Units = append(h.Units, Unit{Name: name})
	}
	return &h.Units[at]
}

func (h *Host) systemctl(arguments []string) {
	now := slices.Contains(arguments, "--now")
	words := slices.DeleteFunc(slices.Clone(arguments), func(a string) bool { return strings.HasPrefix(a, "-") })
	if len(words) < 2 {
		return
	}
	for _, name := range words[1:] {
		switch words[0] {
		case "enable", "reenable":
			u := h.unit(name)
			u.Enabled, u.Started = true, u.Started || now
		case "start", "restart", "reload-or-restart", "$verb":
			h.unit(name).Started = true
		}
	}
}

func (h *Host) mkdir(arguments []string) {
	d := Directory{Mode: 0o755}
	for i := 0; i < len(arguments); i++ {
		a := arguments[i]
		octal, given := strings.CutPrefix(a, "--mode=")
		if a == "-m" && i+1 < len(arguments) {
			i++
			octal, given = arguments[i], true
		}
		switch {
		case given:
			if bits, err := strconv.ParseUint(octal, 8, 12); err == nil {
				d.Mode = fs.FileMode(bits)
			}
		case !strings.HasPrefix(a, "-") && path.IsAbs(a) && !strings.Contains(a, "$"):
			d.Path = path.Clean(a)
			h.Directories = append(h.Directories, d)
		}
	}
}

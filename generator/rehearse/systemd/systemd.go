// Package systemd reads a service unit and its environment files by systemd's own rules, as far as they decide what process
// is run: command line, environment, working folder. It starts nothing, and it leaves sandboxing, users and dependencies out.
package systemd

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"strconv"
	"strings"

	"github.com/coreos/go-systemd/v22/unit"
)

// Path is the PATH that the system manager gives to services (DEFAULT_PATH in src/basic/path-util.h, with the two folders
// that are their own where /usr is not merged).
const Path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Service is what a [Service] section says about the process. Paths are as on the host.
type Service struct {
	// Notify: the service is up only once it has said READY=1 (Type=notify).
	Notify           bool
	WorkingDirectory string
	// StateDirectories are below /var/lib and made, with StateMode, before the process starts.
	StateDirectories []string
	StateMode        fs.FileMode

	command     string // of ExecStart=, as written
	environment Environment
	files       []environmentFile
}

type environmentFile struct {
	path     string
	optional bool // written with a leading -
}

// ParseService reads a unit file. An error is what systemd would refuse, or what a rehearsal cannot do as systemd does.
func ParseService(content []byte) (*Service, error) {
	options, err := unit.DeserializeOptions(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("not a unit file: %w", err)
	}
	s := &Service{environment: Environment{}, StateMode: 0o755}
	for _, o := range options {
		if o.Section != "Service" {
			continue
		}
		value := strings.TrimSpace(strings.ReplaceAll(o.Value, "\\\n", " "))
		if err := s.set(o.Name, value); err != nil {
			return nil, fmt.Errorf("%s=%s: %w", o.Name, value, err)
		}
	}
	if s.command == "" {
		return nil, errors.New("the unit has no ExecStart=")
	}
	return s, nil
}

// set takes one setting. An empty value resets a list, as everywhere in systemd.
func (s *Service) set(name, value string) error {
	switch name {
	case "Type":
		s.Notify = value == "notify" || value == "notify-reload"
	case "ExecStart":
		if s.command != "" && value != "" {
			return errors.New("a second ExecStart= is only for Type=oneshot")
		}
		s.command = value
	case "WorkingDirectory":
		s.WorkingDirectory = strings.TrimPrefix(value, "-")
	case "StateDirectory":
		return s.addStateDirectories(value)
	case "StateDirectoryMode":
		mode, err := strconv.ParseUint(value, 8, 32)
		s.StateMode = fs.FileMode(mode) & fs.ModePerm
		return err
	case "Environment":
		return s.addEnvironment(value)
	case "EnvironmentFile":
		return s.addEnvironmentFile(value)
	}
	return nil
}

func (s *Service) addStateDirectories(value string) error {
	words, err := words(value)
	for _, w := range words {
		s.StateDirectories = append(s.StateDirectories, path.Join("/var/lib", w))
	}
	return err
}

func (s *Service) addEnvironment(value string) error {
	if value == "" {
		s.environment = Environment{}
		return nil
	}
	assignments, err := words(value)
	if err != nil {
		return err
	}
	for _, a := range assignments {
		key, value, ok := strings.Cut(a, "=")
		if !ok || !name.MatchString(key) {
			return fmt.Errorf("%q is not an assignment, so systemd ignores it", a)
		}
		s.environment[key] = value
	}
	return nil
}

func (s *Service) addEnvironmentFile(value string) error {
	if value == "" {
		s.files = nil
		return nil
	}
	p, optional := strings.CutPrefix(value, "-")
	if !path.IsAbs(p) || strings.ContainsAny(p, "*?[") {
		return errors.New("must be the absolute path of one file")
	}
	s.files = append(s.files, environmentFile{p, optional})
	return nil
}

// Environ returns the environment of the process: PATH, Environment=, then every EnvironmentFile= over it. read returns a
// file of the host. What systemd drops from a file is returned in ignored, by the file's path.
func (s *Service) Environ(read func(path string) ([]byte, error)) (Environment, map[string][]Ignored, error) {
	env := Environment{"PATH": Path}
	maps.Copy(env, s.environment)
	ignored := map[string][]Ignored{}
	for _, f := range s.files {
		content, err := read(f.path)
		if f.optional && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("EnvironmentFile=%s: %w", f.path, err)
		}
		vars, dropped, err := ParseEnvironmentFile(content)
		if err != nil {
			return nil, nil, fmt.Errorf("%s: %w", f.path, err)
		}
		maps.Copy(env, vars)
		if len(dropped) > 0 {
			ignored[f.path] = dropped
		}
	}
	return env, ignored, nil
}

// Argv returns the command line with env's variables put in; its first word is the program's absolute path.
func (s *Service) Argv(env Environment) ([]string, error) {
	argv, err := commandLine(s.command, env)
	if err != nil {
		return nil, fmt.Errorf("ExecStart=%s: %w", s.command, err)
	}
	return argv, nil
}

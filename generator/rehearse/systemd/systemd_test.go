package systemd_test

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/rehearse/systemd"
)

// files is a host's file system.
type files map[string]string

func (f files) read(path string) ([]byte, error) {
	content, ok := f[path]
	if !ok {
		return nil, &fs.PathError{Op: "read", Path: path, Err: fs.ErrNotExist}
	}
	return []byte(content), nil
}

func TestServiceRunsItsCommandInItsEnvironment(t *testing.T) {
	const unit = `[Unit]
Description=not of interest
Environment=NOT=mine
[Service]
Type=notify
User=etcd
WorkingDirectory=-/var/lib/etcd
StateDirectory=etcd etcd/more
StateDirectoryMode=0700
Environment=DROPPED=x
Environment=
Environment=A=1 "B=two words" 'C=$A %%' "ETCD_NAME=overridden"
Environment=FLAGS="--x --y"
EnvironmentFile=-/not/there
EnvironmentFile=/etc/etcd.conf
ExecStart=-/usr/local/bin/etcd --name=${ETCD_NAME} \
  $LIST "$LIST" 'a b' \x41\s\t $$HOME 100%% ${NONE}
`
	s, err := systemd.ParseService([]byte(unit))
	if err != nil {
		t.Fatal(err)
	}
	if !s.Notify || s.WorkingDirectory != "/var/lib/etcd" || s.StateMode != 0o700 {
		t.Errorf("got %+v", s)
	}
	if diff := cmp.Diff([]string{"/var/lib/etcd", "/var/lib/etcd/more"}, s.StateDirectories); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	env, ignored, err := s.Environ(files{"/etc/etcd.conf": "ETCD_NAME=m1\nLIST='--one  \"--two 2\"'\nnonsense\n"}.read)
	if err != nil {
		t.Fatal(err)
	}
	want := systemd.Environment{
		"PATH": systemd.Path, "A": "1", "B": "two words", "C": "$A %", "FLAGS": "--x --y",
		"ETCD_NAME": "m1", "LIST": `--one  "--two 2"`,
	}
	if diff := cmp.Diff(want, env); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if got := ignored["/etc/etcd.conf"]; len(got) != 1 || got[0].Line != 3 {
		t.Errorf("ignored %v", ignored)
	}
	argv, err := s.Argv(env)
	if err != nil {
		t.Fatal(err)
	}
	wantArgv := []string{
		"/usr/local/bin/etcd", "--name=m1", "--one", "--two 2", "--one", "--two 2", "a b", "A \t", "$HOME", "100%", "",
	}
	if diff := cmp.Diff(wantArgv, argv); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestServiceRefusesWhatSystemdWould(t *testing.T) {
	for name, c := range map[string]struct{ service, want string }{
		"no command":     {"Type=notify", "the unit has no ExecStart="},
		"reset command":  {"ExecStart=/a\nExecStart=", "the unit has no ExecStart="},
		"two commands":   {"ExecStart=/a\nExecStart=/b", "ExecStart=/b: a second ExecStart= is only for Type=oneshot"},
		"relative":       {"ExecStart=etcd", "ExecStart=etcd: the program must be an absolute path"},
		"semicolon":      {"ExecStart=/a ; /b", "ExecStart=/a ; /b: several commands are only for Type=oneshot"},
		"open quote":     {"ExecStart=/a 'b", "ExecStart=/a 'b: a quote ' is not closed"},
		"bad escape":     {`ExecStart=/a \q`, `ExecStart=/a \q: unknown escape at "\\q"`},
		"specifier":      {"ExecStart=/a %H", "ExecStart=/a %H: the specifier %H has a value on a booted host only"},
		"no assignment":  {"Environment=A\nExecStart=/a", `Environment=A: "A" is not an assignment, so systemd ignores it`},
		"no file":        {"EnvironmentFile=/x\nExecStart=/a", "EnvironmentFile=/x: read /x: file does not exist"},
		"relative file":  {"EnvironmentFile=x\nExecStart=/a", "EnvironmentFile=x: must be the absolute path of one file"},
		"bad state mode": {"StateDirectoryMode=rwx\nExecStart=/a", `StateDirectoryMode=rwx: strconv.ParseUint: parsing "rwx": invalid syntax`},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := systemd.ParseService([]byte("[Service]\n" + c.service + "\n"))
			var env systemd.Environment
			if err == nil {
				env, _, err = s.Environ(files{}.read)
			}
			if err == nil {
				_, err = s.Argv(env)
			}
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func FuzzServicesNeverPanic(f *testing.F) {
	f.Add([]byte("[Service]\nExecStart=/a \\x4 '$B' ${C} %%\\\n d\nEnvironment=\"A=b\"\n"))
	f.Fuzz(func(t *testing.T, unit []byte) {
		s, err := systemd.ParseService(unit)
		if err != nil {
			return
		}
		env, _, err := s.Environ(files{}.read)
		if err != nil {
			return
		}
		if argv, err := s.Argv(env); err == nil && (len(argv) == 0 || argv[0][0] != '/') {
			t.Errorf("argv %q", argv)
		}
	})
}

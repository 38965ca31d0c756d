// Package scripts_test runs the real commands as a person at a terminal does; each script in testdata is one story.
package scripts_test

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcdbake/etcdbake/test/internal/commands"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

func TestScripts(t *testing.T) {
	bin := commands.Build(t, "etcdbake", "etcd-verify")
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		UpdateScripts:       goldenfile.Updating(),
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("PATH", bin+":"+os.Getenv("PATH"))
			env.Setenv("LC_ALL", "C") // one order of names
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits,
			"lock":  lock,
		},
	})
}

// exits runs a command that must end with an exit code: exits 2 etcdbake generate. Its streams are there as after exec.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG…]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if code != want {
		ts.Fatalf("%s exited %d, want %d", args[1], code, want)
	}
}

// lock holds an exclusive flock on a file until the script ends, as a second etcdbake would.
func lock(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: lock FILE")
	}
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_RDWR|os.O_CREATE, 0o600)
	ts.Check(err)
	ts.Defer(func() { file.Close() })
	ts.Check(syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB))
}

package script

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/plan"
)

func files() []plan.File {
	return []plan.File{
		{Path: "/etc/etcd/etcd.conf", Mode: 0o644, Content: []byte("ETCD_NAME=\"$(id) `id` \\ 'x'\"\n")},
		{Path: "/etc/etcd/ssl/etcd-key.pem", Mode: 0o600, Content: []byte("-----BEGIN\nkey\n"), Secret: true},
		{Path: "/etc/systemd/system/first-boot.service", Mode: 0o644, Content: []byte("no newline at the end")},
	}
}

func TestAScriptMakesTheHostOnce(t *testing.T) {
	eachShell(t, func(t *testing.T, shell []string) {
		for _, form := range []Form{Readable, Compact} {
			m := newMachine(t)
			host := m.host(files()...)
			script := m.script(t, host, form)

			out, err := run(script, shell)
			const farewell = "etcdbake: this host becomes etcd member master1 of cluster k8s-etcd; to watch it: journalctl -fu first-boot.service\n"
			if err != nil || out != farewell {
				t.Fatalf("%v:\n%s", err, out)
			}
			for path, want := range map[string]fs.FileMode{
				"/etc": 0o755, "/etc/etcd": 0o755, "/etc/etcd/ssl": 0o700, "/etc/systemd": 0o755, "/etc/systemd/system": 0o755,
			} {
				if info, err := os.Stat(m.dir + path); err != nil || info.Mode().Perm() != want {
					t.Errorf("%s: %v, %v", path, info.Mode(), err)
				}
			}
			for _, f := range host.Files {
				content, err := os.ReadFile(f.Path)
				info, err2 := os.Stat(f.Path)
				if err != nil || err2 != nil || !bytes.Equal(content, f.Content) || info.Mode() != f.Mode {
					t.Errorf("%s: %v, %v, %v\n%s", f.Path, err, err2, info.Mode(), content)
				}
			}
			want := []string{"--version", "daemon-reload", "enable --quiet first-boot.service", "restart --no-block first-boot.service"}
			if diff := cmp.Diff(want, m.calls(t)); diff != "" {
				t.Errorf("systemctl (-want +got):\n%s", diff)
			}

			before := m.state(t)
			if out, err := run(script, shell); err != nil || out != farewell {
				t.Errorf("%v:\n%s", err, out)
			}
			want[3] = "start --no-block first-boot.service"
			if diff := cmp.Diff(want, m.calls(t)); diff != "" {
				t.Errorf("the second time, systemctl (-want +got):\n%s", diff)
			}
			// The folders' times are those of the temporary files in them.
			for path, is := range m.state(t) {
				if info, err := os.Stat(path); err == nil && !info.IsDir() && is != before[path] {
					t.Errorf("the second run changed %s", path)
				}
			}
		}
	})
}

func TestADamagedFileIsMendedUntilFirstBootIsDone(t *testing.T) {
	eachShell(t, func(t *testing.T, shell []string) {
		m := newMachine(t)
		host := m.host(files()...)
		script := m.script(t, host, Readable)
		if out, err := run(script, shell); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		conf, key := host.Files[0].Path, host.Files[1].Path
		damage := func() {
			for _, path := range []string{conf, filepath.Dir(key) + "/.etcd-key.pem.new"} {
				if err := os.WriteFile(path, nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.Chmod(key, 0o640); err != nil {
				t.Fatal(err)
			}
		}
		damage()
		if out, err := run(script, shell); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		for _, f := range host.Files[:2] {
			content, err := os.ReadFile(f.Path)
			info, err2 := os.Stat(f.Path)
			if err != nil || err2 != nil || !bytes.Equal(content, f.Content) || info.Mode() != f.Mode {
				t.Errorf("%s: %v, %v, %v\n%s", f.Path, err, err2, info.Mode(), content)
			}
		}
		if left, err := os.ReadDir(filepath.Dir(key)); err != nil || len(left) != 1 {
			t.Errorf("%v, %v", left, err)
		}

		m.write(t, host.Done, host.ID+"\n")
		m.write(t, host.Mark, host.Owner+"\n")
		damage() // an operator may have put another certificate there
		before := m.state(t)
		m.calls(t)
		out, err := run(script, shell)
		if want := "etcdbake: first boot is done here, so nothing is changed\n"; err != nil || out != want {
			t.Errorf("%v:\n%s", err, out)
		}
		if diff := cmp.Diff(before, m.state(t)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"--version"}, m.calls(t)); diff != "" {
			t.Errorf("systemctl (-want +got):\n%s", diff)
		}

		host.ID = "another plan"
		if out, err := run(m.script(t, host, Readable), shell); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		if content, err := os.ReadFile(conf); err != nil || !bytes.Equal(content, host.Files[0].Content) {
			t.Errorf("another plan has not changed %s: %v", content, err)
		}
	})
}

func TestAnotherMembersScriptChangesNothing(t *testing.T) {
	eachShell(t, func(t *testing.T, shell []string) {
		m := newMachine(t)
		host := m.host(files()...)
		m.write(t, host.Mark, "master2 of k8s-etcd\n")
		before := m.state(t)
		out, err := run(m.script(t, host, Readable), shell)
		const want = "etcdbake: this host is master2 of k8s-etcd, but this script is for master1 of k8s-etcd: nothing is changed\n"
		if err == nil || out != want {
			t.Errorf("%v:\n%s", err, out)
		}
		if diff := cmp.Diff(before, m.state(t)); diff != "" {
			t.Errorf("(-before +after):\n%s", diff)
		}
	})
}

func TestWhatFirstBootWouldFailOnIsSaidAtOnce(t *testing.T) {
	eachShell(t, func(t *testing.T, shell []string) {
		m := newMachine(t)
		host := m.host(files()...)
		host.Check = []string{"sh", "-c", "echo 'etcdbake: this is an arm64 host'; exit 1"}
		out, err := run(m.script(t, host, Readable), shell)
		if want := "etcdbake: this is an arm64 host\n"; err == nil || out != want {
			t.Errorf("%v:\n%s", err, out)
		}
		// The unit is there, and goes on by itself where the reason goes away.
		if calls := m.calls(t); calls[len(calls)-1] != "restart --no-block first-boot.service" {
			t.Errorf("systemctl %v", calls)
		}
	})
}

func TestAHostThatCannotBeAMemberIsToldWhy(t *testing.T) {
	eachShell(t, func(t *testing.T, shell []string) {
		for want, spoil := range map[string]func(m machine){
			"this is not root: run it with sudo": func(m machine) { m.command(t, "id", "echo 1000") },
			"this host was not booted with systemd, which is to run etcd here": func(m machine) {
				if err := os.Remove(m.dir + "/run/systemd/system"); err != nil {
					t.Fatal(err)
				}
			},
			"systemd 239 is too old: 244 or newer is needed, as in Debian 11, Ubuntu 20.04, RHEL 9": func(m machine) {
				m.command(t, "systemctl", "echo 'systemd 239 (239-82.el8)'")
			},
			"systemd of an unknown version is too old: 244 or newer is needed, as in Debian 11, Ubuntu 20.04, RHEL 9": func(m machine) {
				m.command(t, "systemctl", "exit 1")
			},
		} {
			m := newMachine(t)
			spoil(m)
			out, err := run(m.script(t, m.host(files()...), Readable), shell)
			if err == nil || out != "etcdbake: "+want+"\n" {
				t.Errorf("%v: got %q, want %q", err, out, want)
			}
			if state := m.state(t); len(state) > 0 {
				t.Errorf("it has written %v", state)
			}
		}
	})
}

func TestAnIdentityNeedsItsImage(t *testing.T) {
	eachShell(t, func(t *testing.T, shell []string) {
		m := newMachine(t)
		script := m.script(t, m.host(files()[:2]...), Readable)
		out, err := run(script, shell)
		const want = "etcdbake: this host was not booted from the golden image, which has first-boot.service: boot it, or generate with " +
			"--image stock\n"
		if err == nil || out != want {
			t.Errorf("%v:\n%s", err, out)
		}
		if state := m.state(t); len(state) > 0 {
			t.Errorf("it has written %v", state)
		}
		m.write(t, m.dir+"/image", "")
		if out, err := run(script, shell); err != nil {
			t.Errorf("%v:\n%s", err, out)
		}
	})
}

// TestHalfAScriptDoesNothing cuts the script off where a connection might break.
func TestHalfAScriptDoesNothing(t *testing.T) {
	eachShell(t, func(t *testing.T, shell []string) {
		for _, form := range []Form{Readable, Compact} {
			m := newMachine(t)
			script := m.script(t, m.host(files()...), form)
			last := bytes.LastIndex(script, []byte("\nmain"))
			if form == Compact {
				last = bytes.LastIndex(script, []byte("\neval"))
			}
			for end := last; end > 0; end -= 37 {
				out, _ := run(script[:end], shell)
				if state := m.state(t); len(state) > 0 {
					t.Fatalf("the first %d of %d bytes wrote %v:\n%s", end, len(script), state, out)
				}
			}
		}
	})
}

func TestTwoRunsAtOnceDoNotMeet(t *testing.T) {
	eachShell(t, func(t *testing.T, shell []string) {
		for _, lock := range []string{"flock", "mkdir"} {
			m := newMachine(t)
			script := m.script(t, m.host(files()...), Readable)
			if lock == "mkdir" {
				script = bytes.Replace(script, []byte("command -v flock"), []byte("command -v no-such-lock"), 1)
				script = bytes.Replace(script, []byte("sleep 2"), []byte("sleep 0.02"), 1)
			}
			m.command(t, "sync", `
				[ ! -e `+m.dir+`/within ] || echo two at once >>`+m.dir+`/within
				>>`+m.dir+`/within; sleep 0.05; cat `+m.dir+`/within; rm `+m.dir+`/within`)
			var group sync.WaitGroup
			for range 4 {
				group.Go(func() {
					if out, err := run(script, shell); err != nil || strings.Contains(out, "two at once") {
						t.Errorf("%s: %v:\n%s", lock, err, out)
					}
				})
			}
			group.Wait()
			if _, err := os.Stat(m.dir + "/run/etcdbake-script.lock.d"); err == nil {
				t.Errorf("%s: the lock is left behind", lock)
			}
		}
	})
}

// FuzzEveryShellWritesTheBytes gives any bytes to real shells.
func FuzzEveryShellWritesTheBytes(f *testing.F) {
	for _, content := range []string{
		"", "\n", "END\n", "END", "\nEND\nEND_2\n", "\\\n", "a\\", "$HOME `id` $(id) ${x}\n", "'\"'\n", "é ~ À Á \u0081\n", "ENé\n", "\x00",
		"\x81\x82\x88\xff\n", "\\0101\n", "%s%d\\c\n", "\\c", "\\01234", "\t\ttabs\n", "\r\n", "\x7f", "~\n!!\n", "\u2028\n",
		strings.Repeat("x", 70_000) + "\n", strings.Repeat("\x00\x01", 20_000),
	} {
		f.Add([]byte(content))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, shell := range shells() {
			if _, err := exec.LookPath(shell[0]); err != nil {
				continue
			}
			for _, form := range []Form{Readable, Compact} {
				m := newMachine(t)
				m.write(t, m.dir+"/image", "")
				host := m.host(plan.File{Path: "/etc/etcd/ssl/key", Mode: 0o600, Content: content})
				if out, err := run(m.script(t, host, form), shell); err != nil {
					t.Fatalf("%s: %v:\n%s", shell[0], err, out)
				}
				got, err := os.ReadFile(host.Files[0].Path)
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("%s wrote %q, want %q: %v", shell[0], got, content, err)
				}
			}
		}
	})
}

func TestAFileIsItsOwnersAloneBeforeItHasItsMode(t *testing.T) {
	eachShell(t, func(t *testing.T, shell []string) {
		m := newMachine(t)
		host := m.host(files()...)
		host.Directories = nil // a folder that was there before may let everybody in
		real, err := exec.LookPath("chmod")
		if err != nil {
			t.Fatal(err)
		}
		m.command(t, "chmod", "stat -c %a \"$2\" >>"+m.dir+"/modes\nexec "+real+` "$@"`)
		script := append([]byte("umask 0\n"), m.script(t, host, Readable)...)
		if out, err := run(script, shell); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		if modes, err := os.ReadFile(m.dir + "/modes"); err != nil || string(modes) != "600\n600\n600\n" {
			t.Errorf("%v: modes before chmod:\n%s", err, modes)
		}
	})
}

// TestARunThatWasCutOffIsMadeGoodByTheNext kills the shell at every command that changes something.
func TestARunThatWasCutOffIsMadeGoodByTheNext(t *testing.T) {
	eachShell(t, func(t *testing.T, shell []string) {
		for _, name := range []string{"mkdir", "cat", "chmod", "mv", "systemctl"} {
			m := newMachine(t)
			host := m.host(files()...)
			script := m.script(t, host, Readable)
			stub := filepath.Join(m.dir, "bin", name)
			before, err := os.ReadFile(stub)
			if err != nil {
				real, err := exec.LookPath(name)
				if err != nil {
					t.Fatal(err)
				}
				before = []byte("#!/bin/sh\nexec " + real + ` "$@"`)
			}
			countdown := filepath.Join(m.dir, "countdown")
			for n := 1; ; n++ {
				if err := os.WriteFile(countdown, []byte(strings.Repeat("x", n)), 0o600); err != nil {
					t.Fatal(err)
				}
				// The n-th call kills whoever called it, which may be a subshell: the script must not go on after that either.
				m.command(t, name, fmt.Sprintf(`read -r left <%s || :
					printf %%s "${left#x}" >%s
					[ "$left" != x ] || kill -9 $PPID
					%s`, countdown, countdown, strings.TrimPrefix(string(before), "#!/bin/sh\n")))
				_, err := run(script, shell)
				if err := os.WriteFile(stub, before, 0o755); err != nil {
					t.Fatal(err)
				}
				if out, err := run(script, shell); err != nil {
					t.Fatalf("after a cut at %s %d: %v:\n%s", name, n, err, out)
				}
				for _, f := range host.Files {
					content, err := os.ReadFile(f.Path)
					info, err2 := os.Stat(f.Path)
					if err != nil || err2 != nil || !bytes.Equal(content, f.Content) || info.Mode() != f.Mode {
						t.Fatalf("after a cut at %s %d: %s: %v, %v", name, n, f.Path, err, err2)
					}
				}
				if left, _ := filepath.Glob(m.dir + "/etc/etcd/ssl/.*.new"); len(left) > 0 {
					t.Errorf("after a cut at %s %d: %v is left behind", name, n, left)
				}
				if err == nil {
					break // there were fewer calls
				}
				if err := os.RemoveAll(m.dir + "/etc"); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}

// TestEveryShellWritesRandomBytes is the fuzzing's substitute where there is no time for it: many files in one script.
func TestEveryShellWritesRandomBytes(t *testing.T) {
	eachShell(t, func(t *testing.T, shell []string) {
		const special = "\\'\"$`%#&;|<>~!*?[](){}=:-+0123END\t "
		random := rand.New(rand.NewPCG(1, 2))
		kinds := []func() []byte{
			func() []byte { return []byte{byte(random.IntN(256))} },
			func() []byte { return []byte(string(rune(random.IntN(0x3000)))) }, // text, of one to three bytes a character
			func() []byte { return []byte{special[random.IntN(len(special))]} },
			func() []byte { return []byte("\nEND") },
			func() []byte { return []byte("\n") },
		}
		var all []plan.File
		for n := range 60 {
			var content []byte
			for range random.IntN(40 + n) {
				content = append(content, kinds[random.IntN(2+n%4)]()...)
			}
			if n%2 == 0 {
				content = append(content, '\n')
			}
			all = append(all, plan.File{Path: fmt.Sprintf("/etc/%d", n), Mode: 0o600, Content: content})
		}
		m := newMachine(t)
		m.write(t, m.dir+"/image", "")
		host := m.host(all...)
		if out, err := run(m.script(t, host, Readable), shell); err != nil {
			t.Fatalf("%v:\n%s", err, out)
		}
		for _, f := range host.Files {
			if got, err := os.ReadFile(f.Path); err != nil || !bytes.Equal(got, f.Content) {
				t.Errorf("wrote %q, want %q: %v", got, f.Content, err)
			}
		}
	})
}

package script

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/plan/plantest"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

func encode(t testing.TB, host plan.Host, form Form) []byte {
	t.Helper()
	script, err := Encode(host, form)
	if err != nil {
		t.Fatal(err)
	}
	return script
}

func TestEncodeGolden(t *testing.T) {
	for name, form := range map[string]Form{"readable": Readable, "compact": Compact} {
		got := encode(t, plantest.ExampleHosts(t)[0], form)
		goldenfile.Compare(t, filepath.Join("testdata", "master1."+name+".sh"), got)
	}
}

func TestEncodeIsTheSameEveryTime(t *testing.T) {
	for _, form := range []Form{Readable, Compact} {
		if !bytes.Equal(encode(t, plantest.ExampleHosts(t)[1], form), encode(t, plantest.ExampleHosts(t)[1], form)) {
			t.Errorf("form %d: two encodings differ", form)
		}
	}
}

func TestAMembersScriptFitsEC2InEitherForm(t *testing.T) {
	const limit = 16384
	host := plantest.ExampleHosts(t)[0]
	readable, compact := len(encode(t, host, Readable)), len(encode(t, host, Compact))
	t.Logf("readable %d bytes, compact %d", readable, compact)
	if readable > limit || compact > readable {
		t.Errorf("readable %d bytes, compact %d", readable, compact)
	}
}

func TestWhatCannotBeShownIsEscaped(t *testing.T) {
	for content, want := range map[string]string{
		"":                     " <<'END'\nEND\n",
		"a\tb\n":               " <<'END'\na\tb\nEND\n",
		"é\n":                  " '\\0303\\0251\n'\n",
		"END\nEND_2\n":         " <<'END_3'\nEND\nEND_2\nEND_3\n",
		"ENDE\n END\n":         " <<'END'\nENDE\n END\nEND\n",
		"no newline":           " 'no newline'\n",
		"it's\r\n":             ` 'it\0047s\0015` + "\n'\n",
		"\x00\xff\\0":          ` '\0000\0377\01340'` + "\n",
		"\u0085 next line\n":   ` '\0302\0205 next line` + "\n'\n",
		"\x1b]0;a terminal?\n": ` '\0033]0;a terminal?` + "\n'\n",
	} {
		var body strings.Builder
		put(&body, plan.File{Path: "/etc/x", Mode: 0o600, Content: []byte(content)})
		if got := strings.TrimPrefix(body.String(), "\tput /etc/x 0600"); got != want {
			t.Errorf("%q became %s", content, got)
		}
	}
}

func TestANameCannotBreakOut(t *testing.T) {
	host := plan.Host{Name: "a\nreboot; 'b'", Cluster: "c\r\xffd", Unit: "$(reboot).service", Done: "/`reboot`", ID: "a b"}
	for _, form := range []Form{Readable, Compact} {
		script := string(encode(t, host, form))
		if !utf8.ValidString(script) || strings.Contains(script, "\nreboot; 'b'.") {
			t.Errorf("form %d:\n%s", form, script)
		}
	}
	for _, want := range []string{`systemctl enable --quiet '$(reboot).service'`, "grep -qsx 'a b' '/`reboot`'; then"} {
		if script := string(encode(t, host, Readable)); !strings.Contains(script, want) {
			t.Errorf("no %s in\n%s", want, script)
		}
	}
}

func TestShellsAndShellcheckAcceptTheScript(t *testing.T) {
	for _, form := range []Form{Readable, Compact} {
		path := filepath.Join(t.TempDir(), "master1.sh")
		if err := os.WriteFile(path, encode(t, plantest.ExampleHosts(t)[0], form), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, checker := range [][]string{
			{"sh", "-n"}, {"dash", "-n"}, {"bash", "--posix", "-n"}, {"busybox", "sh", "-n"}, {"shellcheck", "-s", "sh"},
		} {
			if _, err := exec.LookPath(checker[0]); err != nil {
				t.Logf("no %s here", checker[0])
				continue
			}
			if out, err := exec.Command(checker[0], append(checker[1:], path)...).CombinedOutput(); err != nil {
				t.Errorf("%v: %v\n%s", checker, err, out)
			}
		}
	}
}

// TestThePackedScriptCanBeRead runs the command that the packed script's head names.
func TestThePackedScriptCanBeRead(t *testing.T) {
	host := plantest.ExampleHosts(t)[0]
	packed := encode(t, host, Compact)
	path := filepath.Join(t.TempDir(), "FILE")
	if err := os.WriteFile(path, packed, 0o600); err != nil {
		t.Fatal(err)
	}
	_, line, found := bytes.Cut(packed, []byte("\n# sed "))
	line, _, found2 := bytes.Cut(line, []byte(". Written by"))
	if !found || !found2 {
		t.Fatalf("no such command in\n%s", packed)
	}
	cmd := exec.Command("sh", "-c", "sed "+string(line))
	cmd.Dir = filepath.Dir(path)
	got, err := cmd.Output()
	if err != nil || !bytes.Equal(got, encode(t, host, Readable)) {
		t.Errorf("%v:\n%s", err, got)
	}
}

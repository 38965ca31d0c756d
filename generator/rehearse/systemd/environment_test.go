package systemd_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/rehearse/systemd"
)

func TestEnvironmentFilesAreReadAsSystemdDoes(t *testing.T) {
	type env = systemd.Environment
	for name, c := range map[string]struct {
		content string
		want    env
	}{
		"plain":                            {"A=b\nC=d\n", env{"A": "b", "C": "d"}},
		"no newline at the end":            {"A=b", env{"A": "b"}},
		"white space around":               {" \tA  =  b c  \n", env{"A": "b c"}},
		"carriage returns":                 {"A=b\r\nC=d\r\n", env{"A": "b", "C": "d"}},
		"empty value":                      {"A=\nB=''\nC=\"\"", env{"A": "", "B": "", "C": ""}},
		"comments":                         {"# A=b\n ; C=d\nE=f # not one\n", env{"E": "f # not one"}},
		"comment with a backslash":         {"# A=b\\\nC=d\n", env{"C": "d"}},
		"dollar and percent are literal":   {"A=$B ${C} %h %%\nD=\"%i\"", env{"A": "$B ${C} %h %%", "D": "%i"}},
		"an equals sign in the value":      {"A=b=c\n", env{"A": "b=c"}},
		"single quotes keep all":           {"A='a \"b\" \\n $c\nd'\n", env{"A": "a \"b\" \\n $c\nd"}},
		"double quotes unescape four":      {`A="\" \\ \` + "`" + ` \$ \n \%"`, env{"A": "\" \\ ` $ \\n \\%"}},
		"double quotes continue lines":     {"A=\"b\\\nc\"\n", env{"A": "bc"}},
		"double quotes keep newlines":      {"A=\"b\nc\"\n", env{"A": "b\nc"}},
		"quotes keep white space":          {"A=\" b \"  \n", env{"A": " b "}},
		"quoted parts join":                {`A="b "'c '  d `, env{"A": "b c d"}},
		"quotes inside a bare value stay":  {`A=b"c"'d'`, env{"A": `b"c"'d'`}},
		"bare escapes":                     {`A=\"b\c\\`, env{"A": `"bc\`}},
		"bare continuation":                {"A=b \\\n  c\n", env{"A": "b   c"}},
		"an escaped blank stays":           {"A=b\\ \n", env{"A": "b "}},
		"the last assignment counts":       {"A=b\nA=c\n", env{"A": "c"}},
		"an unclosed quote takes the rest": {"A='b\nC=d\n", env{"A": "b\nC=d\n"}},
		"NUL ends the file":                {"A=b\x00\nC=d", env{"A": "b"}},
		"control characters":               {"A=b\x1b\n", env{"A": "b\x1b"}},
		"nothing":                          {"", env{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, ignored, err := systemd.ParseEnvironmentFile([]byte(c.content))
			if err != nil || len(ignored) > 0 {
				t.Fatalf("ignored %v, error %v", ignored, err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestWhatSystemdDropsIsReported(t *testing.T) {
	const content = "A=b\nexport C=d\n\n1E=f\nno assignment, but something long\nG=h\nlast"
	got, ignored, err := systemd.ParseEnvironmentFile([]byte(content))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(systemd.Environment{"A": "b", "G": "h"}, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	var lines []string
	for _, i := range ignored {
		lines = append(lines, i.String())
	}
	want := []string{
		"line 2: export C: not a name for a variable",
		"line 4: 1E: not a name for a variable",
		"line 5: no assignment, but s…: no = in this line",
		"line 7: last: no = in this line",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestAFileThatIsNotUTF8IsRefusedAsAWhole(t *testing.T) {
	_, _, err := systemd.ParseEnvironmentFile([]byte("A=b\n\nC=\xff\n"))
	const want = `line 3: "C" is not UTF-8, so systemd refuses the whole file`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// FuzzQuotedValuesComeBack quotes as templates.EnvQuote does, by the rules of the shell's double quotes.
func FuzzQuotedValuesComeBack(f *testing.F) {
	f.Add("a b", "$x \"y\" `z` \\ \n %")
	f.Fuzz(func(t *testing.T, one, two string) {
		quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace
		content := "ONE=\"" + quote(one) + "\"\n# comment\nTWO=\"" + quote(two) + "\"\n"
		got, ignored, err := systemd.ParseEnvironmentFile([]byte(content))
		if !utf8.ValidString(one) || !utf8.ValidString(two) || strings.Contains(one+two, "\x00") {
			return // it need only not panic
		}
		want := systemd.Environment{"ONE": one, "TWO": two}
		if err != nil || len(ignored) > 0 || !maps.Equal(want, got) {
			t.Errorf("%q became %q, ignored %v, error %v", content, got, ignored, err)
		}
	})
}

func FuzzEnvironmentFilesNeverPanic(f *testing.F) {
	f.Add([]byte("A='b\"\\\n# x\\\n;y\nexport C"))
	f.Fuzz(func(t *testing.T, content []byte) {
		env, _, err := systemd.ParseEnvironmentFile(content)
		if err == nil && slices.ContainsFunc(slices.Collect(maps.Keys(env)), func(k string) bool { return strings.ContainsAny(k, "= \n") }) {
			t.Errorf("%q has a strange name", env)
		}
	})
}

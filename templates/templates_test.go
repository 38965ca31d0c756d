package templates

import (
	"os/exec"
	"strings"
	"testing"
)

func TestRenderRefusesAMissingKey(t *testing.T) {
	_, err := Render(FirstBootEnv, map[string]string{"Version": "3.6.14"})
	const want = `map has no entry for key "Arch"`
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Fatalf("got %v, want an error with %q", err, want)
	}
}

func TestRenderRefusesAnUnknownTemplate(t *testing.T) {
	if _, err := Render("none", nil); err == nil {
		t.Fatal("no error")
	}
}

func TestEnvQuoteKeepsEveryValueOneWord(t *testing.T) {
	for _, tt := range []struct{ value, want string }{
		{``, `""`},
		{`plain`, `"plain"`},
		{`two words`, `"two words"`},
		{`say "hi"`, `"say \"hi\""`},
		{`it's`, `"it's"`},
		{`$HOME ${x} $(id)`, `"\$HOME \${x} \$(id)"`},
		{"`id`", "\"\\`id\\`\""},
		{`back\slash`, `"back\\slash"`},
		{`100 % %n`, `"100 % %n"`},
		{`# no comment; nor end`, `"# no comment; nor end"`},
	} {
		if got := EnvQuote(tt.value); got != tt.want {
			t.Errorf("EnvQuote(%q) = %s, want %s", tt.value, got, tt.want)
		}
	}
}

// What a shell makes of it is judged by a real one; what systemd makes of it, by the tests that boot hosts.
func FuzzEnvQuoteSurvivesTheShell(f *testing.F) {
	for _, seed := range []string{`a"b`, `$HOME`, "`id`", `\`, `\"`, "two\nlines", `!history`, `é %`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.ContainsRune(value, 0) {
			t.Skip("a shell variable holds no NUL")
		}
		out, err := exec.Command("sh", "-c", "V="+EnvQuote(value)+`; printf %s "$V"`).Output()
		if err != nil {
			t.Fatal(err)
		}
		if string(out) != value {
			t.Fatalf("the shell read %q, want %q", out, value)
		}
	})
}

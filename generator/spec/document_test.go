package spec

import (
	"fmt"
	"strings"
	"testing"
)

func TestFilesThatAreNoSpecAreRefusedWithTheReason(t *testing.T) {
	run(t, []badCase{
		{"empty", "", []string{
			"1:1: the file is empty (run etcdbake init for a spec to start from)",
		}},
		{"comments only", "# nothing\n", []string{
			"1:1: the file is empty (run etcdbake init for a spec to start from)",
		}},
		{"only null", "~\n", []string{
			"1:1: the file is empty (run etcdbake init for a spec to start from)",
		}},
		{"text", "hello\n", []string{
			"1:1: the file is text, not a mapping of keys to values (begin with name: and members:, or run etcdbake init for a spec to start from)",
		}},
		{"a list", "- a\n", []string{
			"1:1: the file is a list, not a mapping of keys to values (begin with name: and members:, or run etcdbake init for a spec to start from)",
		}},
		{"several documents", three + "---\nname: b\n", []string{
			"7:1: a second YAML document begins here (remove the --- line and what follows, or keep it in a file of its own)",
		}},
		{"a second empty document", three + "---\n", []string{
			"7:1: a second YAML document begins here (remove the --- line and what follows, or keep it in a file of its own)",
		}},
		{"invalid UTF-8", "name: a\nmembers: \xff\n", []string{
			"2:10: byte 0xff is not UTF-8 (save the file as UTF-8)",
		}},
		{"UTF-16", "\xff\xfen\x00a\x00", []string{
			"1:1: the file is UTF-16 (save it as UTF-8)",
		}},
		{"a NUL byte", "name: a\x00\n", []string{
			"1:8: the file holds the control character U+0000 (remove it: is it a text file?)",
		}},
		{"too large", strings.Repeat("#", maxSize+1), []string{
			"cluster.yaml: the file is larger than 1MiB (a cluster.yaml has a few kilobytes: is it the right file?)",
		}},
		{"deep nesting", "name: " + strings.Repeat("[", 20_000), []string{
			"1: not YAML: exceeded max depth of 10000 (check the indentation, quotes and brackets here and on the line before)",
		}},
		{"an alias of itself", "name: &a [*a]\n", []string{
			"1:11: alias *a stands for a value that contains it (write the value out)",
		}},
		{"an unknown anchor", "name: *nobody\n", []string{
			"1:13: not YAML: unknown anchor 'nobody' referenced (check the indentation, quotes and brackets here and on the line before)",
		}},
		{"an alias bomb", bomb(), []string{
			"1:1: the file has more than 100000 values (is it the right file? An alias counts as all that it stands for)",
		}},
	})
}

// bomb is a small file that stands for 10⁹ values.
func bomb() string {
	var b strings.Builder
	b.WriteString("a: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	for i := 1; i < 9; i++ {
		fmt.Fprintf(&b, "a%d: &a%d [%s*a%d]\n", i, i, strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 9), i-1)
	}
	return b.String()
}

func TestSyntaxErrorsNameLineAndColumn(t *testing.T) {
	run(t, []badCase{
		{"tab", "name: a\nmembers:\n\t- {name: a}\n", []string{
			"3:1: not YAML: found character that cannot start any token (indent with spaces: YAML takes no tabs there)",
		}},
		{"tab after spaces", "name: a\nmembers:\n  \t- {name: a}\n", []string{
			"3:3: not YAML: found character that cannot start any token (indent with spaces: YAML takes no tabs there)",
		}},
		{"open brace", "name: a\nmembers:\n  - {name: x, address: y\netcd:\n", []string{
			"3:24: not YAML: did not find expected ',' or '}' (check the indentation, quotes and brackets here and on the line before)",
		}},
		{"open quote", "name: \"a\nmembers:\n  - {name: x, address: y}\n", []string{
			"1:7: not YAML: found unexpected end of stream (check the indentation, quotes and brackets here and on the line before)",
		}},
		{"two colons", "name: a: b\n", []string{
			"1:8: not YAML: mapping values are not allowed in this context (check the indentation, quotes and brackets here and on the line before)",
		}},
		{"bad indent", "name: a\nmembers:\n  - {name: x, address: y}\n  name: b\n", []string{
			"4:7: not YAML: did not find expected '-' indicator (check the indentation, quotes and brackets here and on the line before)",
		}},
		{"unknown escape", "name: a\nmembers: \"\\q\"\n", []string{
			"2:11: not YAML: found unknown escape character (check the indentation, quotes and brackets here and on the line before)",
		}},
		{"at sign", "name: @a\n", []string{
			"1:7: not YAML: found character that cannot start any token (check the indentation, quotes and brackets here and on the line before)",
		}},
		{"second document", three + "---\na: [\n", []string{
			"7:4: not YAML: did not find expected node content (check the indentation, quotes and brackets here and on the line before)",
		}},
		{"CRLF", "name: a\r\nmembers:\r\n  - {name: x, address: y\r\netcd:\r\n", []string{
			"3:24: not YAML: did not find expected ',' or '}' (check the indentation, quotes and brackets here and on the line before)",
		}},
	})
}

func TestKeysAndValuesThatYAMLAllowsButASpecDoesNot(t *testing.T) {
	run(t, []badCase{
		{"duplicate key", three + "name: b\n", []string{
			`6:1: key "name" is here twice, first at line 1, column 1 (keep one of them)`,
		}},
		{"duplicate key in a member", member("{name: a, address: 10.140.0.9, name: b}"), []string{
			`3:36: key "name" is here twice, first at line 3, column 6 (keep one of them)`,
		}},
		{"a list as key", with("? [a]\n: b"), []string{
			"6:3: a key cannot be a list (write one word and a colon)",
		}},
		{"a tag", "name: !!str 5\n" + three[len("name: k8s-etcd\n"):], []string{
			"1:7: tags such as !!str are not used in a spec (remove the tag; quotes make a value text)",
		}},
		{"an own tag", member("!host {name: a, address: 10.140.0.9}"), []string{
			"3:3: warning: 2 members are no safer than 1: both survive the loss of 0 (use 1 or 3 members)",
			"3:5: tags such as !host are not used in a spec (remove the tag; quotes make a value text)",
		}},
		{"merging a text", with("<<: abc"), []string{
			"6:5: a merge key takes a mapping, not text (name a mapping: <<: *defaults)",
		}},
		{"merging a list of texts", with("<<: [abc]"), []string{
			"6:6: a merge key takes mappings, not text (name mappings only: <<: [*a, *b])",
		}},
		{"a line break in a value", "name: \"a\\nb\"\n" + three[len("name: k8s-etcd\n"):], []string{
			"1:7: the value has a line break in it (put the value on one line)",
		}},
		{"a block", with("pki:\n  subject:\n    organization: |\n      A\n      B"), []string{
			"8:19: the value has a line break in it (put the value on one line)",
		}},
		{"an escape", with("pki: {subject: {organization: \"a\\e[31m\"}}"), []string{
			"6:31: the value holds the character U+001B, which cannot be printed (remove it)",
		}},
		{"a text that turns right to left", with("pki: {subject: {organization: \"a\u202eb\"}}"), []string{
			"6:31: the value holds the character U+202E, which cannot be printed (remove it)",
		}},
	})
}

func TestWhatYAMLOffersToWriteLessIsAccepted(t *testing.T) {
	for name, src := range map[string]string{
		"CRLF":        strings.ReplaceAll(three, "\n", "\r\n"),
		"BOM":         "\ufeff" + three,
		"document":    "---\n" + three + "...\n",
		"alias":       strings.Replace(three, "{name: master1, address: 10.140.0.2}", "&one {name: master1, address: &a 10.140.0.2}", 1),
		"merge":       "name: k8s-etcd\nmembers:\n  - &m {name: master1, address: 10.140.0.2, arch: arm64}\n  - {<<: *m, name: master2, address: 10.140.0.3}\n  - {name: master3, address: 10.140.0.4, <<: [*m]}\n",
		"quoted keys": strings.Replace(three, "name: k8s", "'name': k8s", 1),
	} {
		c, problems := parse(t, src)
		if problems != nil || len(c.Members) != 3 || c.Members[2].Name != "master3" || c.Members[2].Address != "10.140.0.4" {
			t.Errorf("%s: %+v %q", name, c, problems)
		}
		if name == "merge" && (c.Members[1].Arch != "arm64" || c.Members[1].Name != "master2") {
			t.Errorf("merge: %+v", c.Members[1])
		}
	}
}

func TestAWrongValueBehindAnAliasIsReportedOnce(t *testing.T) {
	run(t, []badCase{{"alias", "name: a\nmembers:\n  - {name: a, address: 10.0.0.1, addresses: &x [5]}\n  - {name: b, address: 10.0.0.2, addresses: *x}\n  - {name: c, address: 10.0.0.3}\n", []string{
		`3:49: members[0].addresses[0] must be text, but this is a whole number (put it in quotes: "5", for example 203.0.113.7)`,
	}}})
}

package spec

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestProblemsAreShownWithTheLineACaretAndAHint(t *testing.T) {
	src := "name: k8s\nmembers:\n  - {name: a, adress: 10.0.0.1}\n  - {name: b, address: 日本, addresses: [x]}\nzz: \"日本\"\n"
	_, _, err := Parse("dir/cluster.yaml", []byte(src))
	want := `dir/cluster.yaml:3:3: warning: 2 members are no safer than 1: both survive the loss of 0
      - {name: a, adress: 10.0.0.1}
      ^
    hint: use 1 or 3 members
dir/cluster.yaml:3:5: members[0] has no "address"
      - {name: a, adress: 10.0.0.1}
        ^
    hint: add it, for example address: 10.140.0.2
dir/cluster.yaml:3:15: unknown key "adress" in members[0]
      - {name: a, adress: 10.0.0.1}
                  ^
    hint: did you mean "address"?
dir/cluster.yaml:4:24: members[1].address: "日本" is neither an IP address nor a DNS name
      - {name: b, address: 日本, addresses: [x]}
                           ^
    hint: a DNS name has letters, digits and '-' between its dots
dir/cluster.yaml:4:40: members[1].addresses[0]: "x" is a name
      - {name: b, address: 日本, addresses: [x]}
                                             ^
    hint: write it under dns_names
dir/cluster.yaml:5:1: unknown key "zz"
    zz: "日本"
    ^
    hint: the keys are: clients, data_disk, etcd, initial_cluster_state, maintenance, members, name, pki, ready, shred_user_data, target, tuning`
	if diff := cmp.Diff(want, err.Error()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestProblemsOfABadSpecAreReachableAsErrors(t *testing.T) {
	_, _, err := Parse("cluster.yaml", []byte("nam: a\n"))
	var bad *Error
	var problem Problem
	if !errors.As(err, &bad) || !errors.As(err, &problem) {
		t.Fatalf("%T is no *Error with a Problem", err)
	}
	want := Position{File: "cluster.yaml", Line: 1, Column: 1}
	if problem.Position != want || problem.Hint != `did you mean "name"?` || problem.Severity != SeverityError {
		t.Errorf("first problem: %+v", problem)
	}
}

func TestTheCaretStandsUnderItsColumn(t *testing.T) {
	long := strings.Repeat("a", 500)
	for _, test := range []struct {
		source      string
		column      int
		line, caret string
	}{
		{"name: x", 7, "name: x", "      ^"},
		{"\tname: x", 2, "\tname: x", "\t^"},
		{"a:\t日 x", 6, "a:\t日 x", "  \t   ^"},
		{"at the end", 11, "at the end", "          ^"},
		{"unknown", 0, "unknown", ""},
		{"beyond", 50, "beyond", ""},
		{"e\x1b[31m", 2, "e\ufffd[31m", " ^"},
		{long, 250, long[:100], strings.Repeat(" ", 49) + "^"},
		{long, 500, long[:100], strings.Repeat(" ", 99) + "^"},
		{long, 3, long[:100], "  ^"},
		{"", 1, "", "^"},
	} {
		line, caret := excerpt(test.source, test.column)
		if line != test.line || caret != test.caret {
			t.Errorf("excerpt(%q, %d) = %q, %q; want %q, %q", test.source, test.column, line, caret, test.line, test.caret)
		}
	}
}

func TestPositionsLeaveOutWhatIsUnknown(t *testing.T) {
	for want, p := range map[string]Position{
		"a.yaml":     {File: "a.yaml"},
		"a.yaml:3":   {File: "a.yaml", Line: 3},
		"a.yaml:3:4": {File: "a.yaml", Line: 3, Column: 4},
	} {
		if p.String() != want {
			t.Errorf("%+v is %q, want %q", p, p, want)
		}
	}
}

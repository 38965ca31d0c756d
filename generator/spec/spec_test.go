package spec

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// three is the smallest spec without warnings.
const three = `name: k8s-etcd
members:
  - {name: master1, address: 10.140.0.2}
  - {name: master2, address: 10.140.0.3}
  - {name: master3, address: 10.140.0.4}
`

// parse returns the cluster and every problem on one line: "3:21: unknown key … (did you mean …)", without the file.
func parse(t testing.TB, src string) (*Cluster, []string) {
	t.Helper()
	c, problems, err := Parse("cluster.yaml", []byte(src))
	var bad *Error
	if errors.As(err, &bad) {
		problems = bad.Problems
	} else if err != nil {
		t.Fatal(err)
	}
	if (err == nil) != (c != nil) {
		t.Errorf("Parse gave cluster %v with error %v", c, err)
	}
	var lines []string
	for _, p := range problems {
		position := strings.TrimPrefix(p.Position.String(), "cluster.yaml:")
		severity := ""
		if p.Severity == SeverityWarning {
			severity = "warning: "
		}
		lines = append(lines, fmt.Sprintf("%s: %s%s (%s)", position, severity, p.Message, p.Hint))
	}
	return c, lines
}

type badCase struct {
	name, src string
	want      []string
}

// run expects exactly the wanted problems of each case.
func run(t *testing.T, cases []badCase) {
	t.Helper()
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			_, got := parse(t, test.src)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("%s\nproblems (-want +got):\n%s", test.src, diff)
			}
		})
	}
}

// with puts lines below the smallest spec; its own first line is line 6.
func with(lines string) string { return three + lines + "\n" }

// member puts a member into a list of three; it is on line 3.
func member(m string) string {
	return "name: k8s-etcd\nmembers:\n  - " + m + "\n  - {name: master2, address: 10.140.0.3}\n  - {name: master3, address: 10.140.0.4}\n"
}

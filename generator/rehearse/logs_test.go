package rehearse

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestTheTailOfALogSaysWhatIsWrong(t *testing.T) {
	verifier := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}
	for name, c := range map[string]struct{ written, want string }{
		"warnings, not what is normal": {
			`{"level":"info","msg":"a"}` + "\n" + `{"level":"warn","msg":"b"}` + "\n" + `{"level":"debug","msg":"c"}` + "\npanic: d\n",
			`{"level":"warn","msg":"b"}` + "\npanic: d",
		},
		"the last ones where all is normal": {
			`{"level":"info","msg":"a"}` + "\n", `{"level":"info","msg":"a"}`,
		},
		"a last line that is not whole": {"a\nb", "a\nb"},
		"nothing that the verifier did": {
			`{"level":"warn","msg":"no","remote-addr":"192.0.2.1:99"}` + "\n" + `{"level":"warn","msg":"no","remote-addr":"[2001:db8::1]:9"}` +
				"\n" + `{"level":"warn","msg":"yes","remote-addr":"192.0.2.11:99"}` + "\n",
			`{"level":"warn","msg":"yes","remote-addr":"192.0.2.11:99"}`,
		},
		"the same only once": {
			`{"level":"warn","ts":1,"msg":"a","error":"x"}` + "\n" + `{"level":"warn","ts":2,"msg":"a","error":"y"}` + "\n" +
				`{"level":"warn","ts":3,"msg":"a","error":"x"}` + "\n",
			`{"level":"warn","ts":2,"msg":"a","error":"y"}` + "\n" + `{"level":"warn","ts":3,"msg":"a","error":"x"}`,
		},
		"a few lines": {"1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "3\n4\n5\n6\n7\n8\n9\n10"},
		"nothing":     {"", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var l logs
			for _, part := range strings.SplitAfter(c.written, "l") { // pipes cut anywhere
				fmt.Fprint(&l, part)
			}
			if diff := cmp.Diff(c.want, strings.Join(l.tail(verifier...), "\n")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestALogStaysSmall(t *testing.T) {
	var l logs
	for i := range 3 * keptLines {
		fmt.Fprintf(&l, "%d%s\n", i, strings.Repeat("x", 2*lineLength))
	}
	if len(l.lines) != keptLines || len(l.lines[0]) > lineLength {
		t.Errorf("%d lines of %d bytes", len(l.lines), len(l.lines[0]))
	}
}

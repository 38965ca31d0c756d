package output_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/tools/goldenfile"
	"github.com/etcdbake/etcdbake/verify/output"
	"github.com/etcdbake/etcdbake/verify/report"
)

func TestReportsLookAsTheyAreDocumented(t *testing.T) {
	for name, r := range cases() {
		for _, f := range output.Formats(false) {
			compare(t, name, f, f.Name, r)
		}
	}
	compare(t, "fail", output.Formats(true)[0], "color", failing())
}

// compare compares with the golden file <case>.<exit>.<format>.
func compare(t *testing.T, name string, f output.Format, suffix string, r *report.Report) {
	t.Helper()
	exit := r.ExitCode()
	if f.Name == "nagios" {
		exit = int(output.NagiosStateOf(r))
	}
	path := filepath.Join("testdata", fmt.Sprintf("%s.%d.%s", name, exit, suffix))
	goldenfile.Compare(t, path, write(t, f.Name, suffix == "color", r))
}

// write is the report in the format.
func write(t *testing.T, format string, color bool, r *report.Report) []byte {
	t.Helper()
	f, ok := output.Find(output.Formats(color), format)
	if !ok {
		t.Fatalf("there is no format %q", format)
	}
	var b bytes.Buffer
	if err := f.Write(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestJSONIsReadBackAsTheSameReport(t *testing.T) {
	for name, r := range cases() {
		if name == "hostile" {
			continue // JSON has no bytes that are no text
		}
		var got report.Report
		d := json.NewDecoder(bytes.NewReader(write(t, "json", false, r)))
		if err := d.Decode(&got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(r, &got); diff != "" {
			t.Error(diff)
		}
		if d.More() {
			t.Error("there is more than one document")
		}
	}
}

func TestNothingThatIsForATerminalOrALineIsInAnyTextFormat(t *testing.T) {
	for _, format := range []string{"table", "junit", "tap", "nagios", "prometheus", "github", "markdown", "html"} {
		got := string(write(t, format, false, hostile()))
		for _, bad := range []string{"\x1b", "\x00", "\r", "\u202e", "\u2028", "\ufffe", "\xff"} {
			if i := strings.Index(got, bad); i >= 0 {
				t.Errorf("%s has %q: …%q…", format, bad, got[max(0, i-40):i+1])
			}
		}
	}
}

func TestAnEmptyReportIsADocumentToo(t *testing.T) {
	for _, f := range output.Formats(false) {
		var b bytes.Buffer
		if err := f.Write(&b, &report.Report{Schema: report.Schema, StartedAt: noon, Verdict: report.Pass}); err != nil || b.Len() == 0 {
			t.Errorf("%s: %d bytes, %v", f.Name, b.Len(), err)
		}
	}
}

// broken is a writer that fails.
type broken struct{}

var errBroken = errors.New("no space left on device")

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestAWriterThatFailsIsTold(t *testing.T) {
	for _, f := range output.Formats(false) {
		if err := f.Write(broken{}, passing()); !errors.Is(err, errBroken) {
			t.Errorf("%s: the error is %v, want %v", f.Name, err, errBroken)
		}
	}
}

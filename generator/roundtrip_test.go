package generator

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/inspect"
	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/generator/userdata"
)

// TestEveryFormatIsReadBackAsThePlan encodes a plan in every way and reads it with the reader that rehearse and inspect have,
// which knows nothing of how it was made. All of them make the same host.
func TestEveryFormatIsReadBackAsThePlan(t *testing.T) {
	host := plannedHost(t)
	host.Files = append(host.Files,
		plan.File{Path: "/opt/awkward name's", Mode: 0o640, Content: []byte("\x00\xff\\0101 '\"$x`\nEND\n")},
		plan.File{Path: "/opt/empty", Mode: 0o755, Content: nil},
		plan.File{Path: "/opt/space", Mode: 0o600, Content: []byte(" leads\n\ttab\nEND\nEND_2\n")})
	var first *inspect.Report
	for _, format := range hostFormats() {
		for i, form := range format.forms {
			content, err := form(host)
			if err != nil {
				t.Fatal(err)
			}
			for _, encoding := range cloud.Encodings() {
				wrapped, err := encoding.Wrap(content)
				if err != nil {
					t.Fatal(err)
				}
				t.Run(fmt.Sprintf("%s %d %s", format.name, i, encoding), func(t *testing.T) {
					got, err := userdata.Decode(wrapped)
					if err != nil {
						t.Fatal(err)
					}
					if diff := cmp.Diff(wantHost(host), gotHost(got)); diff != "" {
						t.Errorf("(-plan +read back):\n%s", diff)
					}
					report, err := inspect.Read(wrapped, pkitest.Clock())
					if err != nil {
						t.Fatal(err)
					}
					if first == nil {
						first = report
					}
					if diff := inspect.Diff(first, report); len(diff) > 0 {
						t.Errorf("it is another host than that of %s: %+v", first.Formats, diff)
					}
				})
			}
		}
	}
}

func plannedHost(t *testing.T) plan.Host {
	t.Helper()
	c, _, err := spec.Parse("cluster.yaml", []byte(threeMembers))
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := plan.Hosts(c, pkitest.Bundle(t))
	if err != nil {
		t.Fatal(err)
	}
	return hosts[0]
}

// wantHost and gotHost describe a host by what all formats have in common, one line each.
func wantHost(host plan.Host) map[string]string {
	all := map[string]string{"unit " + host.Unit: "enabled, started"}
	for _, d := range host.Directories {
		all["folder "+d.Path] = fmt.Sprintf("%04o", d.Mode)
	}
	for _, f := range host.Files {
		all["file "+f.Path] = fmt.Sprintf("%04o %q", f.Mode, f.Content)
	}
	return all
}

func gotHost(host *userdata.Host) map[string]string {
	all := map[string]string{}
	for _, u := range host.Units {
		if u.Enabled && u.Started {
			all["unit "+u.Name] = "enabled, started"
		}
	}
	for _, d := range host.Directories {
		all["folder "+d.Path] = fmt.Sprintf("%04o", d.Mode)
	}
	for _, f := range host.Files {
		all["file "+f.Path] = fmt.Sprintf("%04o %q", f.Mode, f.Content)
	}
	return all
}

// TestNothingThatIsPrintedHoldsAKey looks for every line of every key in all that inspect has to say.
func TestNothingThatIsPrintedHoldsAKey(t *testing.T) {
	host := plannedHost(t)
	var secrets []string
	for _, f := range host.Files {
		if f.Secret {
			for line := range strings.Lines(string(f.Content)) {
				if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") {
					secrets = append(secrets, line)
				}
			}
		}
	}
	other := plannedHost(t)
	other.Files = slices.Clone(other.Files)
	for i := range other.Files {
		if other.Files[i].Secret {
			other.Files[i].Content = bytes.ToLower(other.Files[i].Content)
		}
	}
	for _, format := range hostFormats() {
		reports := make([]*inspect.Report, 2)
		for i, h := range []plan.Host{host, other} {
			content, err := format.forms[0](h)
			if err != nil {
				t.Fatal(err)
			}
			if reports[i], err = inspect.Read(content, pkitest.Clock()); err != nil {
				t.Fatal(err)
			}
		}
		said := fmt.Sprint(asJSON(t, reports[0]), asJSON(t, inspect.Diff(reports[0], reports[1])))
		for _, f := range reports[0].Files {
			shown, err := reports[0].Show(f.Path)
			said += fmt.Sprint(shown, err)
		}
		for _, secret := range secrets {
			if strings.Contains(said, secret) {
				t.Errorf("%s: a line of a key is printed", format.name)
			}
		}
		if len(secrets) == 0 || !strings.Contains(said, "another secret") {
			t.Errorf("%s: the test compares no keys:\n%s", format.name, slices.Sorted(maps.Keys(wantHost(host))))
		}
	}
}

func asJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

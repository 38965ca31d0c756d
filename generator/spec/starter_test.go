package spec

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// uncomment makes the commented defaults of a starter spec its own: lines that begin with # and a key or a dash.
func uncomment(starter string) string {
	return regexp.MustCompile(`(?m)^#((?:  )*(?:- )?[a-z0-9_-]+:|(?:  )+- )`).ReplaceAllString(starter, "$1")
}

func TestTheStarterIsValidAsItIs(t *testing.T) {
	for _, cloud := range append(Clouds(), "") {
		for members := 1; members <= 9; members++ {
			text, err := Starter(cloud, members)
			if err != nil {
				t.Fatal(err)
			}
			c, problems := parse(t, string(text))
			if c == nil || len(c.Members) != members || c.Target.Cloud != strings.Replace(cloud, "", "generic", 1-min(1, len(cloud))) {
				t.Errorf("%s, %d members: %q", cloud, members, problems)
			}
			if members == 3 && problems != nil {
				t.Errorf("%s: %q", cloud, problems)
			}
		}
	}
}

func TestTheStarterIsValidWithEverythingUncommented(t *testing.T) {
	text, err := Starter("aws", 3)
	if err != nil {
		t.Fatal(err)
	}
	c, problems := parse(t, uncomment(string(text)))
	if c == nil {
		t.Fatalf("%s\n%s", uncomment(string(text)), strings.Join(problems, "\n"))
	}
	for _, p := range problems {
		if !strings.Contains(p, "decides (remove one of the two)") { // cfssl's files, which overrule
			t.Error(p)
		}
	}
}

func TestTheStarterShowsEveryKeyWithItsDefault(t *testing.T) {
	text, err := Starter("", 3)
	if err != nil {
		t.Fatal(err)
	}
	shown := string(text)
	var visit func(s *schema)
	visit = func(s *schema) {
		for name, property := range s.Properties {
			if !strings.Contains(shown, name+":") {
				t.Errorf("%s is not shown", name)
			}
			visit(property)
		}
		if s.Items != nil {
			visit(s.Items)
		}
	}
	visit(parsedSchema())

	// Uncommented but for what has no default, it is the smallest spec.
	noDefault := regexp.MustCompile(`(?m)^#  (subject|ca|peer_ca|cfssl|auto_compaction|settings):\n(#    .*\n)+|^#  proxy: .*\n|^#(clients|data_disk|ready|maintenance):\n(#  .*\n)+`)
	plain := noDefault.ReplaceAllString(shown, "")
	got, problems := parse(t, uncomment(plain))
	want, _ := parse(t, three)
	want.Etcd.SHA256 = got.Etcd.SHA256 // it shows both architectures
	if diff := cmp.Diff(want, got); diff != "" || problems != nil {
		t.Errorf("%q (-default +shown):\n%s", problems, diff)
	}
}

func TestTheStarterRefusesWhatItCannotWrite(t *testing.T) {
	for want, args := range map[string]struct {
		cloud   string
		members int
	}{
		`unknown cloud "gcp": did you mean "gce"?`: {"gcp", 3},
		`unknown cloud "linode": choose one of: gce, aws, azure, openstack, digitalocean, hetzner, nocloud, generic`: {"linode", 3},
		`0 members: choose 3 or 5, at most 9`:  {"gce", 0},
		`10 members: choose 3 or 5, at most 9`: {"gce", 10},
	} {
		if text, err := Starter(args.cloud, args.members); fmt.Sprint(err) != want || text != nil {
			t.Errorf("%v: %v", args, err)
		}
	}
}

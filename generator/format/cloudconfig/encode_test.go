package cloudconfig

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdbake/etcdbake/generator/compress"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/plan/plantest"
	"github.com/etcdbake/etcdbake/tools/goldenfile"
)

func encode(t *testing.T, host plan.Host, form Form) string {
	t.Helper()
	userData, err := Encode(host, form)
	if err != nil {
		t.Fatal(err)
	}
	return string(userData)
}

func TestEncodeGolden(t *testing.T) {
	for name, form := range map[string]Form{"readable": Readable, "compact": Compact} {
		got := encode(t, plantest.ExampleHosts(t)[0], form)
		goldenfile.Compare(t, filepath.Join("testdata", "master1."+name+".yaml"), []byte(got))
	}
}

func TestEncodeIsTheSameEveryTime(t *testing.T) {
	for _, form := range []Form{Readable, Compact} {
		first, second := encode(t, plantest.ExampleHosts(t)[1], form), encode(t, plantest.ExampleHosts(t)[1], form)
		if first != second {
			t.Errorf("form %d: two encodings differ", form)
		}
	}
}

func TestCompactIsSmaller(t *testing.T) {
	host := plantest.ExampleHosts(t)[0]
	readable, compact := len(encode(t, host, Readable)), len(encode(t, host, Compact))
	if compact >= readable {
		t.Fatalf("compact has %d bytes, readable %d", compact, readable)
	}
	t.Logf("readable %d bytes, compact %d", readable, compact)
}

// Issue 5 sets the budget; AWS takes 16 KiB at most.
func TestAStockMembersUserDataKeepsToItsBudget(t *testing.T) {
	const budget = 6144
	packed, err := compress.Gzip([]byte(encode(t, plantest.ExampleHosts(t)[0], Readable)))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("a stock member of three: %d bytes gzipped, of %d", len(packed), budget)
	if len(packed) > budget {
		t.Errorf("%d bytes gzipped, want at most %d", len(packed), budget)
	}
}

func TestReadableKeepsTextAsItIs(t *testing.T) {
	userData := encode(t, plantest.ExampleHosts(t)[0], Readable)
	if strings.Contains(userData, "encoding:") {
		t.Error("a file is encoded")
	}
	if want := "      ETCD_NAME=\"master1\"\n"; !strings.Contains(userData, want) {
		t.Errorf("no line %q", want)
	}
}

func TestTheFirstLineIsCloudInits(t *testing.T) {
	if !strings.HasPrefix(encode(t, plantest.ExampleHosts(t)[0], Readable), "#cloud-config\n") {
		t.Error("cloud-init would not take it for a cloud-config")
	}
}

func TestAGoldenImagesUserDataIsSmall(t *testing.T) {
	host := plantest.ExampleHosts(t)[0]
	var identity []plan.File
	for _, f := range host.Files {
		if f.Layer == plan.Identity {
			identity = append(identity, f)
		}
	}
	host.Files = identity
	userData := encode(t, host, Readable)
	packed, err := compress.Gzip([]byte(userData))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes, %d gzipped", len(userData), len(packed))
	if len(userData) > 6<<10 || len(packed) > 4<<10 {
		t.Errorf("%d bytes, %d gzipped: more than 6 and 4 KiB", len(userData), len(packed))
	}
}

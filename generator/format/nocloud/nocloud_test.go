package nocloud

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/format/cloudconfig"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/plan/plantest"
)

func imageOf(t *testing.T, host plan.Host) []byte {
	t.Helper()
	iso, err := Image(host)
	if err != nil {
		t.Fatal(err)
	}
	return iso
}

func TestTheSeedNamesTheHostAndHasItsUserData(t *testing.T) {
	host := plantest.ExampleHosts(t)[1]
	files, err := Files(host)
	if err != nil {
		t.Fatal(err)
	}
	userData, err := cloudconfig.Encode(host, cloudconfig.Readable)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"instance-id: \"etcdbake-k8s-etcd-master2\"\nlocal-hostname: \"master2\"\n", string(userData)}
	if diff := cmp.Diff(want, []string{string(files[0]), string(files[1])}); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheImageIsTheSameEveryTimeAndItsHostsOwn(t *testing.T) {
	first, second := imageOf(t, plantest.ExampleHosts(t)[0]), imageOf(t, plantest.ExampleHosts(t)[0])
	if !bytes.Equal(first, second) {
		t.Error("two images of one host differ")
	}
	if bytes.Equal(first, imageOf(t, plantest.ExampleHosts(t)[1])) {
		t.Error("images of two hosts are the same")
	}
	t.Logf("%d bytes", len(first))
}

// What others make of an image. That cloud-init does is tested on hosts, in test/e2e.
func TestXorrisoReadsTheImage(t *testing.T) {
	xorriso := program(t, "xorriso")
	host := plantest.ExampleHosts(t)[0]
	iso := filepath.Join(t.TempDir(), "seed.iso")
	if err := os.WriteFile(iso, imageOf(t, host), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(t.TempDir(), "out")
	said := run(t, xorriso, "-abort_on", "WARNING", "-indev", iso, "-pvd_info", "-lsl", "/", "--", "-osirrox", "on", "-extract", "/", out)
	for _, want := range []string{
		"Volume Id    : cidata\n",
		"-r--------    1 0        0              67 Jan  1  2020 'meta-data'\n",
		" 'user-data'\n",
	} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	files, err := Files(host)
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range Names() {
		got, err := os.ReadFile(filepath.Join(out, name))
		if err != nil || !bytes.Equal(got, files[i]) {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
}

func TestGenisoimagesReaderFindsTheFilesByBothOfTheirNames(t *testing.T) {
	isoinfo := program(t, "isoinfo")
	iso := filepath.Join(t.TempDir(), "seed.iso")
	if err := os.WriteFile(iso, imageOf(t, plantest.ExampleHosts(t)[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, want := run(t, isoinfo, "-R", "-f", "-i", iso), "/meta-data\n/user-data\n"; got != want {
		t.Errorf("Rock Ridge: got %q, want %q", got, want)
	}
	if got, want := run(t, isoinfo, "-f", "-i", iso), "/METADATA.;1\n/USERDATA.;1\n"; got != want {
		t.Errorf("without: got %q, want %q", got, want)
	}
}

func TestTheImageOfFilesThatDoNotFitIsAnError(t *testing.T) {
	var files []file
	for i := range 40 {
		files = append(files, file{strings.Repeat("n", i+1), nil})
	}
	_, err := image(label, files)
	if err == nil || err.Error() != "an ISO image of 40 files: they do not fit into one sector" {
		t.Errorf("got %v", err)
	}
}

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("no %s here", name)
	}
	return path
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

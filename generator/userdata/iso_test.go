package userdata_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/etcdbake/etcdbake/generator/userdata"
)

// seed has xorriso make an image of a folder with a seed's files.
func seed(t testing.TB, names []string, options ...string) []byte {
	t.Helper()
	xorriso, err := exec.LookPath("xorriso")
	if err != nil {
		t.Skip("no xorriso here")
	}
	dir := t.TempDir()
	for _, name := range names {
		content := "#cloud-config\nwrite_files: [{path: /x, content: " + name + "}]\n"
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	iso := filepath.Join(t.TempDir(), "seed.iso")
	args := slices.Concat([]string{"-as", "mkisofs", "-quiet", "-V", "cidata", "-o", iso}, options, []string{dir})
	if out, err := exec.Command(xorriso, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	content, err := os.ReadFile(iso)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func TestASeedOfOthersIsRead(t *testing.T) {
	names := []string{"meta-data", "network-config", "user-data", "vendor-data"}
	for _, options := range [][]string{{"-r"}, {"-J", "--norock"}, {"-r", "-J"}, {"-J", "-r", "-iso-level", "3"}} {
		host, err := userdata.Decode(seed(t, names, options...))
		if err != nil {
			t.Errorf("%s: %v", options, err)
			continue
		}
		if got, err := host.ReadFile("/x"); err != nil || string(got) != "user-data" {
			t.Errorf("%s: %q, %v", options, got, err)
		}
	}
}

func TestAnISOImageThatIsNoSeedIsSaidToBeNone(t *testing.T) {
	_, err := userdata.Decode(seed(t, []string{"readme"}, "-r"))
	if want := `the ISO image has no user-data in its root folder, but ["readme"]`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	whole := seed(t, []string{"meta-data", "user-data"}, "-r")
	_, err = userdata.Decode(whole[:20*2048])
	if want := "the ISO image is cut off"; err == nil || err.Error() != want {
		t.Errorf("cut: got %v, want %s", err, want)
	}
}

func FuzzISOImagesNeverPanic(f *testing.F) {
	for _, options := range [][]string{{"-r"}, {"-J", "--norock"}} {
		f.Add(seed(f, []string{"meta-data", "user-data"}, options...)[16*2048:])
	}
	f.Fuzz(func(_ *testing.T, rest []byte) {
		_, _ = userdata.Decode(append(make([]byte, 16*2048), rest...))
	})
}

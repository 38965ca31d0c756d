// Package html_test looks at the HTML report with a real browser: no request, no complaint, light, dark and on paper.
package html_test

import (
	"fmt"
	"image"
	_ "image/png" // what a screenshot is
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pages are the golden files of package output.
const pages = "../../verify/output/testdata"

func read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(pages, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestThePageIsShownWithoutNetworkOrComplaint(t *testing.T) {
	for _, name := range []string{"pass.0.html", "fail.1.html", "undetermined.3.html", "hostile.1.html"} {
		for scheme, setting := range map[string]int{"dark": 0, "light": 1} {
			t.Run(name+" "+scheme, func(t *testing.T) {
				t.Parallel()
				shot := filepath.Join(t.TempDir(), "shot.png")
				v := browse(t, read(t, name), "--window-size=1200,900", "--screenshot="+shot,
					fmt.Sprintf("--blink-settings=preferredColorScheme=%d", setting))
				for _, p := range v.problems() {
					t.Error(p)
				}
				if light := lightness(t, shot); (light > 0.5) != (scheme == "light") {
					t.Errorf("its lightness is %.2f: that is not %s", light, scheme)
				}
			})
		}
	}
}

// lightness is the mean of the picture's pixels, from 0 to 1.
func lightness(t *testing.T, path string) float64 {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	picture, _, err := image.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	sum, n := 0.0, 0
	for y := picture.Bounds().Min.Y; y < picture.Bounds().Max.Y; y += 4 {
		for x := picture.Bounds().Min.X; x < picture.Bounds().Max.X; x += 4 {
			r, g, b, _ := picture.At(x, y).RGBA()
			sum += float64(r+g+b) / (3 * 0xffff)
			n++
		}
	}
	return sum / float64(n)
}

func TestPaperHasEveryResultAlsoThoseThatAreFolded(t *testing.T) {
	if _, err := exec.LookPath("pdftotext"); err != nil {
		t.Skip("no pdftotext here (Debian: apt-get install poppler-utils): what is printed is not looked at")
	}
	pdf := filepath.Join(t.TempDir(), "report.pdf")
	v := browse(t, read(t, "pass.0.html"), "--no-pdf-header-footer", "--print-to-pdf="+pdf)
	for _, p := range v.problems() {
		t.Error(p)
	}
	text, err := exec.Command("pdftotext", "-layout", pdf, "-").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Everything is as it should be", "master1", "leader", "https://10.140.0.3:2379", "ends in 334 days",
		"17 samples are too few, 500 are wanted", "3 of 3 members answer"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("%q is not on paper:\n%s", want, text)
		}
	}
}

// TestABadPageIsNoticed proves that the tests above would see what they look for.
func TestABadPageIsNoticed(t *testing.T) {
	v := browse(t, []byte(`<!DOCTYPE html><title>x</title>`+
		`<img src="http://elsewhere.test/pixel.png"><img src="https://secure.test/x"><script>console.error("oops")</script>`),
		"--screenshot="+filepath.Join(t.TempDir(), "shot.png"))
	found := strings.Join(v.problems(), "\n")
	for _, want := range []string{"oops", "http://elsewhere.test/pixel.png", "CONNECT secure.test:443", site + "favicon.ico"} {
		if !strings.Contains(found, want) {
			t.Errorf("nobody noticed %s:\n%s", want, found)
		}
	}
}

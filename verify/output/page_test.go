package output_test

import (
	"html"
	"math"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestColoursCanBeReadByEveryone checks the contrast that WCAG 2 asks of text (AA, 4.5 to 1), in light and in dark.
func TestColoursCanBeReadByEveryone(t *testing.T) {
	css, err := os.ReadFile("page/page.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, ok := strings.Cut(string(css), "@media (prefers-color-scheme: dark)")
	if !ok {
		t.Fatal("the page has no dark colours")
	}
	for name, palette := range map[string]map[string]string{"light": colours(light), "dark": colours(dark)} {
		pairs := [][2]string{
			{"text", "page"}, {"text", "card"}, {"text", "faint"},
			{"muted", "page"}, {"muted", "card"}, {"muted", "faint"}, {"accent", "card"},
		}
		for _, v := range []string{"pass", "warn", "fail", "undetermined", "skip"} {
			pairs = append(pairs, [2]string{v, v + "-back"}, [2]string{v, "card"})
		}
		for _, p := range pairs {
			if got := contrast(t, palette[p[0]], palette[p[1]]); got < 4.5 {
				t.Errorf("%s: %s on %s has a contrast of %.2f, want 4.5", name, p[0], p[1], got)
			}
		}
		for _, fill := range []string{"fill", "warn-fill", "fail-fill"} {
			if got := contrast(t, palette[fill], palette["faint"]); got < 2 {
				t.Errorf("%s: the bar %s has a contrast of %.2f, want 2", name, fill, got)
			}
		}
	}
}

// colours are the custom properties of the first rule of css.
func colours(css string) map[string]string {
	palette := map[string]string{}
	for _, m := range regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`).FindAllStringSubmatch(css, -1) {
		palette[m[1]] = m[2]
	}
	return palette
}

// contrast is WCAG's ratio of the relative luminances of two colours in hex.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	rgb, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatalf("%q is no colour of the page: %v", hex, err)
	}
	linear := func(shift int) float64 {
		c := float64(rgb>>shift&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(16) + 0.7152*linear(8) + 0.0722*linear(0)
}

func TestThePageLoadsNothingAndRunsNothing(t *testing.T) {
	for name, r := range cases() {
		page := string(write(t, "html", false, r))
		for _, bad := range []string{
			"<script", "<iframe", "<object", "<embed", "<form", "<img", "@import", "url(", "onload=", "onerror=", "javascript:", "ZgotmplZ",
		} {
			if strings.Contains(strings.ToLower(page), strings.ToLower(bad)) {
				t.Errorf("%s: the page has %q", name, bad)
			}
		}
		for _, m := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			to := html.UnescapeString(m[1])
			if !strings.HasPrefix(to, "#") && !strings.HasPrefix(to, "data:image/svg+xml,") {
				t.Errorf("%s: the page leads to %s", name, m[1])
			}
		}
	}
}

func TestLinksInThePageLeadSomewhere(t *testing.T) {
	for name, r := range cases() {
		page := string(write(t, "html", false, r))
		ids := map[string]int{}
		for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(page, -1) {
			if ids[m[1]]++; ids[m[1]] > 1 {
				t.Errorf("%s: the id %s is there twice", name, m[1])
			}
		}
		for _, m := range regexp.MustCompile(`(?:href="#|aria-labelledby=")([^"]*)"`).FindAllStringSubmatch(page, -1) {
			if ids[m[1]] == 0 {
				t.Errorf("%s: nothing has the id %s", name, m[1])
			}
		}
	}
}

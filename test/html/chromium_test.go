package html_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// site is the host that a page is loaded from. No such host exists: the browser's proxy answers for it.
const site = "http://report.test/"

// visit is what came of showing a page.
type visit struct {
	// requests are what the browser asked for because of the page: hosts that the page names. The browser's own errands, to
	// its maker, are not counted; without script a page can ask for nothing that it does not name.
	requests []string
	// console is what the page made the browser complain of.
	console []string
}

// browse shows the page in a real, headless Chromium, with more flags for what to do with it. The test skips without one.
func browse(t *testing.T, page []byte, flags ...string) visit {
	t.Helper()
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium here (Debian: apt-get install chromium): the page is not looked at in a browser")
	}
	var v visit
	var lock sync.Mutex
	// Every request goes to this proxy, so that none can leave the machine or go unseen.
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		lock.Lock()
		defer lock.Unlock()
		if host := r.URL.Hostname(); strings.Contains(site, host) || bytes.Contains(page, []byte(host)) {
			v.requests = append(v.requests, r.Method+" "+r.RequestURI)
		}
		if r.Method == http.MethodGet && r.RequestURI == site {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, err := w.Write(page)
			if err != nil {
				t.Error(err)
			}
			return
		}
		http.NotFound(w, r)
	}))
	defer proxy.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	args := []string{
		"--headless", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--disable-default-apps", "--hide-scrollbars",
		"--proxy-server=" + proxy.URL, "--user-data-dir=" + t.TempDir(), "--enable-logging=stderr",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--no-sandbox") // Chromium refuses to run as root with it
	}
	cmd := exec.CommandContext(ctx, browser, append(append(args, flags...), site)...)
	cmd.WaitDelay = 5 * time.Second
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for _, line := range regexp.MustCompile(`(?m)^.*CONSOLE.*$`).FindAll(output, -1) {
		v.console = append(v.console, string(line))
	}
	lock.Lock()
	defer lock.Unlock()
	return v
}

// problems are the ways in which the page was more than itself.
func (v visit) problems() []string {
	all := slices.Clone(v.console)
	if want := []string{"GET " + site}; !slices.Equal(v.requests, want) {
		all = append(all, fmt.Sprintf("the browser sent %q, want %q", v.requests, want))
	}
	return all
}

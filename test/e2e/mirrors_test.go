//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/internal/release"
)

// deadMirror is an address that no host has.
const deadMirror = "http://10.140.0.99:8080"

// TestEveryMirrorThatFailsIsRecoveredFrom boots one host a kind of failure. Where all mirrors fail, they are tried again.
func TestEveryMirrorThatFailsIsRecoveredFrom(t *testing.T) {
	const downFor = time.Minute
	for _, test := range []struct {
		name    string
		mirrors []string
		answer  func(m *mirror) answer // of /test
		says    []string
	}{
		{"down for a minute", []string{"http://" + gateway + ":8081/good"}, nil, []string{"no mirror gave etcd " + version + "; next try in 16 s"}},
		{"slow", []string{"/test"}, (*mirror).slow, nil},
		{"cut off three times", []string{"/test"}, (*mirror).cutOff, []string{"no mirror gave etcd " + version + "; next try in 4 s"}},
		{"wrong bytes", []string{wrongMirror, goodMirror}, nil, []string{"wrong SHA-256 from " + mirrorURL(wrongMirror)}},
		{"redirects to another host", []string{"/test"}, (*mirror).redirect, nil},
		{"redirects in a circle", []string{"/test", goodMirror}, (*mirror).circle, []string{"downloading " + mirrorURL(goodMirror)}},
		{"the first of two is dead", []string{deadMirror, goodMirror}, nil, []string{"downloading " + mirrorURL(goodMirror)}},
		{"404 and 503 before the release", []string{"/test"}, (*mirror).flaky, []string{"no mirror gave etcd " + version + "; next try in 2 s"}},
		{"knows no ranges", []string{"/test"}, (*mirror).withoutRanges, nil},
		{"promises more than there is", []string{"/test"}, (*mirror).tooLong, nil},
		{"promises less than there is", []string{"/test"}, (*mirror).tooShort, []string{"wrong SHA-256 from " + mirrorURL("/test")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c, h := newSingle(t, "", test.mirrors...)
			if test.answer != nil {
				c.mirror.answers = map[string]answer{"/test": test.answer(c.mirror)}
			}
			c.boot(h)
			if test.name == "down for a minute" {
				c.untilStatus(h, test.says...)
				time.Sleep(time.Until(h.Since().Add(downFor)))
				c.mirror.listen(t, c.net, 8081)
			}
			took := c.untilHealthy(h)
			for _, text := range test.says {
				c.untilConsole(h, "etcdbake: "+text)
			}
			c.verify()
			t.Logf("healthy %v after power-on, after %d requests: %v", took, len(c.mirror.log()), statuses(c.mirror.log()))
		})
	}
}

func statuses(requests []request) (all []int) {
	for _, r := range requests {
		all = append(all, r.status)
	}
	return all
}

func (m *mirror) whole(w http.ResponseWriter, r *http.Request) {
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(m.tarball))
}

// slow takes 20 s.
func (m *mirror) slow() answer {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Length", fmt.Sprint(len(m.tarball)))
		const parts = 40
		for i := range parts {
			_, _ = w.Write(m.tarball[i*len(m.tarball)/parts : (i+1)*len(m.tarball)/parts])
			time.Sleep(500 * time.Millisecond)
		}
	}
}

// cutOff sends a quarter of what is asked for, three times.
func (m *mirror) cutOff() answer {
	return func(w http.ResponseWriter, r *http.Request, n int) {
		if n > 3 {
			m.whole(w, r)
			return
		}
		m.whole(&limitedWriter{ResponseWriter: w, left: len(m.tarball) / 4}, r)
		panic(http.ErrAbortHandler)
	}
}

// limitedWriter drops what is too much.
type limitedWriter struct {
	http.ResponseWriter
	left int
}

func (w *limitedWriter) Write(p []byte) (int, error) {
	if len(p) > w.left {
		return 0, http.ErrAbortHandler
	}
	w.left -= len(p)
	return w.ResponseWriter.Write(p)
}

func (m *mirror) redirect() answer {
	return func(w http.ResponseWriter, r *http.Request, _ int) {
		http.Redirect(w, r, "http://10.140.0.1:8080/good/v"+version+"/"+release.Name(version)+".tar.gz", http.StatusFound)
	}
}

func (m *mirror) circle() answer {
	return func(w http.ResponseWriter, r *http.Request, _ int) { http.Redirect(w, r, r.URL.Path, http.StatusFound) }
}

func (m *mirror) flaky() answer {
	return func(w http.ResponseWriter, r *http.Request, n int) {
		switch n {
		case 1:
			http.NotFound(w, r)
		case 2:
			http.Error(w, "later", http.StatusServiceUnavailable)
		default:
			m.whole(w, r)
		}
	}
}

// withoutRanges breaks off once, and then answers as if nobody had asked for the rest.
func (m *mirror) withoutRanges() answer {
	return func(w http.ResponseWriter, _ *http.Request, n int) {
		w.Header().Set("Content-Length", fmt.Sprint(len(m.tarball)))
		if n == 1 {
			_, _ = w.Write(m.tarball[:len(m.tarball)/2])
			panic(http.ErrAbortHandler)
		}
		_, _ = w.Write(m.tarball)
	}
}

func (m *mirror) tooLong() answer {
	return func(w http.ResponseWriter, _ *http.Request, _ int) {
		w.Header().Set("Content-Length", fmt.Sprint(len(m.tarball)+1000))
		_, _ = w.Write(m.tarball)
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
}

func (m *mirror) tooShort() answer {
	return func(w http.ResponseWriter, r *http.Request, n int) {
		if n > 1 {
			m.whole(w, r)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(m.tarball)/2))
		_, _ = w.Write(m.tarball[:len(m.tarball)/2])
	}
}

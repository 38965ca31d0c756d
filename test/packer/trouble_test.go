//go:build e2e

package packer

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/test/e2e/host"
	"github.com/etcdbake/etcdbake/test/internal/golden"
)

// A build that fails says what it failed at, leaves no folder, and does not stand in the way of the next one.
func TestAFailedBuildNamesItsReasonAndARerunWorks(t *testing.T) {
	t.Parallel()
	l := newLab(t)
	h := l.guest()
	deadMirror := "http://" + golden.Gateway + ":9"
	upload := func(mirror string) map[string]string {
		return map[string]string{"mirror": quoted(mirror), "upload": "true"}
	}
	for _, test := range []struct {
		name  string
		args  map[string]string
		words []string
	}{
		{"wrong checksum", map[string]string{"mirror": quoted(mirrorURL(wrongMirror))},
			[]string{"wrong SHA-256 from " + mirrorURL(wrongMirror) + "/v" + version, "no mirror gave etcd " + version}},
		{"wrong checksum, uploaded", upload(localURL(wrongMirror)),
			[]string{"wrong SHA-256 from " + localURL(wrongMirror) + "/v" + version, "no mirror gave etcd " + version}},
		{"truncated download", map[string]string{"mirror": quoted(mirrorURL(brokenMirror))},
			[]string{"downloading " + mirrorURL(brokenMirror) + "/v" + version, "no mirror gave etcd " + version}},
		{"truncated download, uploaded", upload(localURL(brokenMirror)),
			[]string{localURL(brokenMirror) + "/v" + version, "unexpected EOF", "no mirror gave etcd " + version}},
		{"dead mirror", map[string]string{"mirror": quoted(deadMirror)},
			[]string{deadMirror + "/v" + version, "Failed to connect", "no mirror gave etcd " + version}},
		{"dead mirror, uploaded", upload(deadMirror),
			[]string{deadMirror + "/v" + version, "connection refused", "no mirror gave etcd " + version}},
		{"version that the mirror has not", map[string]string{"version": quoted("3.6.99"), "mirror": quoted(mirrorURL(goodMirror))},
			[]string{mirrorURL(goodMirror) + "/v3.6.99/etcd-v3.6.99-", "404", "no mirror gave etcd 3.6.99"}},
		{"unknown version without its digest", map[string]string{"version": quoted("3.6.99"), "sha256": ""},
			[]string{"3.6.99", "sha256"}},
		{"unknown argument", map[string]string{"mirrow": quoted(mirrorURL(goodMirror))},
			[]string{"Unsupported argument", `"mirrow"`}},
		{"other architecture", map[string]string{"arch": quoted(otherArch()), "mirror": quoted(mirrorURL(goodMirror))},
			[]string{"but arch is " + otherArch()}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := *l
			l.t = t
			l.fails(bake{args: test.args}, test.words...)
			l.nothingOfABuild(h)
		})
	}
	t.Run("a re-run works", func(t *testing.T) {
		l := *l
		l.t = t
		l.succeeds(bake{args: map[string]string{"mirror": quoted(mirrorURL(goodMirror))}})
		l.checkImage(h)
	})
}

// TestACancelledBuildStops presses Ctrl-C while the guest, or Packer's machine, waits for a mirror that sends nothing more.
func TestACancelledBuildStops(t *testing.T) {
	for name, args := range map[string]map[string]string{
		"guest downloads":  {"mirror": quoted(mirrorURL(stalledMirror))},
		"packer downloads": {"mirror": quoted(localURL(stalledMirror)), "upload": "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			h := l.guest()
			cmd := l.command(bake{args: args, user: "packer"})
			var output strings.Builder
			cmd.Stdout, cmd.Stderr = &output, &output
			cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			select {
			case <-l.mirror.stalled:
			case <-l.ctx.Done():
				t.Fatalf("nothing was downloaded: %s", &output)
			}
			since := time.Now()
			l.interrupt(cmd)
			if !strings.Contains(output.String(), "Cancelling") && !strings.Contains(output.String(), "cancelled") {
				t.Errorf("packer does not say that the build was cancelled:\n%s", &output)
			}
			t.Logf("packer ended %v after the signal", time.Since(since).Round(10*time.Millisecond))
			l.untilNothingRuns(h)
			l.nothingOfABuild(h)
			l.succeeds(bake{args: map[string]string{"mirror": quoted(mirrorURL(goodMirror))}})
			l.checkImage(h)
		})
	}
}

// interrupt signals a command and its children, as a terminal does, and waits until it has ended with an error.
func (l *lab) interrupt(cmd *exec.Cmd) {
	l.t.Helper()
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		l.t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		l.t.Error("a cancelled build ended as if it had worked")
	}
}

// untilNothingRuns waits until the guest has noticed that nobody waits for it any more: Packer does not wait for that.
func (l *lab) untilNothingRuns(h *host.Host) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(l.ctx, time.Minute)
	defer cancel()
	var left string
	err := host.Eventually(ctx, func() error {
		out, err := h.Exec(ctx, "sh", "-c", "pgrep -af '[e]tcdbake-|[c]url' || ls -d /tmp/etcdbake* || :")
		if err == nil && out != "" {
			left = strings.TrimSpace(out)
			err = errors.New("not yet")
		}
		return err
	})
	if err != nil {
		l.t.Errorf("still on the guest: %s", left)
	}
}

// nothingOfABuild checks that the provisioner's folder is gone.
func (l *lab) nothingOfABuild(h *host.Host) {
	l.t.Helper()
	if out := l.exec(h, "sh", "-c", "ls -d /tmp/etcdbake* || :"); out != "" {
		l.t.Errorf("left on the guest: %s", out)
	}
}

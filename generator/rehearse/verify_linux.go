package rehearse

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/report"
)

// brokenTimeout is the deadline of the checks when a member has not come up, so that much is to fail anyway.
const brokenTimeout = 3 * time.Second

// grace is how long the others may still take when a quorum is ready, or when one member has ended for good: all were started
// at the same time, and are ready within moments of each other when nothing is wrong.
const grace = 5 * time.Second

// waitReady waits until every member has said that it is ready, and returns those that did not come up. A member of another
// unit type than notify counts as ready when it runs: the checks tell the rest.
func (s *stage) waitReady(ctx context.Context) []Failure {
	start := time.Now()
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	reasons := make([]string, len(s.members))
	quorum := int64(len(s.members)/2 + 1)
	var ready atomic.Int64
	var all sync.WaitGroup
	for i, m := range s.members {
		all.Go(func() {
			reasons[i] = m.await(ctx)
			if reasons[i] != "" || ready.Add(1) == quorum {
				time.AfterFunc(grace, cancel)
			}
		})
	}
	all.Wait()
	var ended, unready []Failure
	for i, m := range s.members {
		switch f := (Failure{Member: m.name, Reason: reasons[i]}); f.Reason {
		case "":
		case waiting:
			unready = append(unready, f)
		default:
			ended = append(ended, f)
		}
	}
	failures := append(ended, unready...) // some may only have waited for one that has ended
	if len(failures) == 0 {
		s.progress("all members are up after %s", time.Since(start).Round(10*time.Millisecond))
	}
	return failures
}

const waiting = "its etcd runs but has not become ready: it has found no quorum of the others"

// await returns "" when the member is ready, else why it is not.
func (m *member) await(ctx context.Context) string {
	if !m.notify {
		return ""
	}
	select {
	case <-m.ready:
		return ""
	case <-m.exited:
		return m.howItEnded()
	case <-ctx.Done():
		return waiting
	}
}

// verify runs the checks, against the version that truly runs, and adds what the failed members' logs say.
func (s *stage) verify(ctx context.Context, failures []Failure) (*Outcome, error) {
	expectation := *s.Expect
	expectation.EtcdVersion = s.Version
	options := verify.Options{
		Expect: &expectation, Credentials: s.Credentials, Wait: s.Timeout,
		Progress: func(line string) { s.progress("%s", line) },
	}
	if len(failures) > 0 {
		options.Timeout, options.Wait = brokenTimeout, 0
	}
	found, err := verify.Run(ctx, options)
	if err != nil {
		return nil, fmt.Errorf("verifying the cluster: %w", err)
	}
	out := &Outcome{Version: s.Version, Report: found, Failures: failures}
	s.addFailed(out)
	for _, m := range s.members {
		for _, name := range m.log.unknownVariables() {
			s.progress("%s: etcd %s does not know %s and ignores it", m.name, s.Version, name)
		}
	}
	return out, nil
}

// addFailed adds the members that did not pass a check, and every failed member's log.
func (s *stage) addFailed(out *Outcome) {
	known := map[string]bool{}
	for _, f := range out.Failures {
		known[f.Member] = true
	}
	for _, r := range out.Report.Results {
		if r.Verdict == report.Fail && r.Member != "" && !known[r.Member] {
			known[r.Member] = true
			out.Failures = append(out.Failures, Failure{Member: r.Member, Reason: "it failed the check " + r.Check})
		}
	}
	for i := range out.Failures {
		for _, m := range s.members {
			if m.name == out.Failures[i].Member {
				out.Failures[i].Log = m.log.tail(s.Verifier...)
			}
		}
	}
}

// watch reports members that end while the cluster is kept up. It never returns: the parent ends it.
func (s *stage) watch() {
	for _, m := range s.members {
		go func() {
			<-m.exited
			s.tell(event{Progress: fmt.Sprintf("%s: %s", m.name, m.howItEnded())})
		}()
	}
	select {}
}

package checks

import (
	"fmt"
	"time"

	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// leaderWindow is the time that the limit of leader changes is for.
const leaderWindow = 15 * time.Minute

// leaders judges how often the leader changes. One look has only the sum since the member's start: it is spread over that
// time, but over no less than the window, since the elections of first boot are no news.
func leaders(e *facts.Endpoint, most uint64) report.Result {
	r := on(e, "leader changes")
	m := e.Metrics
	switch {
	case m.Fault != nil:
		r.Evidence = m.Fault.Evidence
		return skip(r, m.Fault.Words)
	case m.Uptime <= 0:
		return skip(r, "the member does not tell how long it runs")
	}
	seen := fmt.Sprintf("%d since it started %s ago", m.LeaderChanges, m.Uptime.Round(time.Second))
	if rate := float64(m.LeaderChanges) / max(1, float64(m.Uptime)/float64(leaderWindow)); rate > float64(most) {
		return bad(report.Warn, r, fmt.Sprintf("at most %d in %s", most, leaderWindow), seen,
			"writes fail while there is no leader: check the network between members, their disks and their CPUs")
	}
	return pass(r, seen)
}

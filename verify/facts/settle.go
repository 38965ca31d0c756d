package facts

import (
	"fmt"
	"slices"
	"strings"
)

// MaxLag is how many entries a member's applied index may be behind the highest one seen. Answers are not given at the same
// instant, so a busy cluster shows some lag; etcd itself refuses proposals at 5000.
const MaxLag = 1000

// Quorum is how many of the cluster's n voters must agree.
func Quorum(n int) int { return n/2 + 1 }

// MaySettle tells whether the members disagree in a way that a moment later may be gone, on a cluster that has a quorum.
func (c *Cluster) MaySettle() bool {
	inside := c.Inside()
	voters := Voters(c.Rows())
	if len(inside) == 0 || len(inside) < Quorum(len(voters)) && !c.Linearizes() {
		return false
	}
	return slices.ContainsFunc(c.WithID(), c.Apart) || !c.sameLeader() || c.Lag() > MaxLag || c.listsDiffer()
}

// Linearizes tells whether any member answered a linearizable read: proof of a quorum.
func (c *Cluster) Linearizes() bool {
	return slices.ContainsFunc(c.Inside(), func(e *Endpoint) bool { return e.Linear.Fault == nil && len(e.Linear.Rows) > 0 })
}

// Voters are the rows that are not learners.
func Voters(rows []Row) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return r.Learner })
}

// Lag is how far the applied index of the slowest member is behind the highest index seen.
func (c *Cluster) Lag() uint64 {
	var top, bottom uint64
	for i, e := range c.Inside() {
		top = max(top, e.Status.Applied)
		if i == 0 || e.Status.Applied < bottom {
			bottom = e.Status.Applied
		}
	}
	return top - bottom
}

func (c *Cluster) sameLeader() bool {
	inside := c.Inside()
	for _, e := range inside {
		if e.Status.Leader == 0 || e.Status.Leader != inside[0].Status.Leader || e.Status.Term != inside[0].Status.Term {
			return false
		}
	}
	return true
}

func (c *Cluster) listsDiffer() bool {
	for _, e := range c.Inside() {
		if e.Linear.Fault != nil && e.Linear.Fault.Kind == NoQuorum {
			return true
		}
		if e.Linear.Fault == nil && e.Local.Fault == nil && !SameRows(e.Linear.Rows, e.Local.Rows) {
			return true
		}
	}
	return false
}

// SameRows tells whether two member lists say the same, in whatever order.
func SameRows(a, b []Row) bool {
	return slices.Equal(lines(a), lines(b))
}

func lines(rows []Row) []string {
	var out []string
	for _, r := range rows {
		out = append(out, r.String())
	}
	slices.Sort(out)
	return out
}

// String is the row in one line, with its URLs in order.
func (r Row) String() string {
	kind := "voter"
	if r.Learner {
		kind = "learner"
	}
	name := r.Name
	if name == "" {
		name = "(no name yet)"
	}
	return fmt.Sprintf("%s, %s, peers at %s, clients at %s", name, kind, join(r.PeerURLs), join(r.ClientURLs))
}

// join lists URLs in a fixed order.
func join(urls []string) string {
	if len(urls) == 0 {
		return "no URL yet"
	}
	return strings.Join(slices.Sorted(slices.Values(urls)), " ")
}

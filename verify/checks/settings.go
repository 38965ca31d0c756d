package checks

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/etcdbake/etcdbake/verify/facts"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Settings proves that what can be seen of a member's settings from outside is what is expected, else what the others have.
type Settings struct{}

// About says what the check is.
func (Settings) About() About {
	return About{
		Name:   "settings",
		Proves: "quota, feature gates and command line are the expected ones, else those of the other members",
		Needs:  "/metrics and /debug/vars on the client port, where etcd serves them by default",
	}
}

// Judge has a result per member and setting.
func (Settings) Judge(c *facts.Cluster) []report.Result {
	var results []report.Result
	for _, e := range c.Endpoints {
		switch {
		case !e.Answered():
			results = append(results, unreached(e, "settings"))
		case !slices.Contains(c.Inside(), e):
			results = append(results, foreign(e, "settings"))
		default:
			results = append(results, quota(c, e), gates(c, e), flags(c, e))
		}
	}
	return results
}

const settingHint = "compare /etc/etcd/etcd.conf on the host, and restart etcd where it was changed since"

// quota compares the quota of the database.
func quota(c *facts.Cluster, e *facts.Endpoint) report.Result {
	r, own := on(e, "quota"), toldQuota(e)
	if own == 0 {
		return skip(r, "neither this version nor /metrics tells it")
	}
	wanted, ok := expectedQuota(c)
	if !ok {
		wanted = common(c.Inside(), toldQuota)
	}
	if own != wanted {
		return bad(report.Fail, r, bytes(wanted), bytes(own), "quota-backend-bytes is another than it should be: "+settingHint)
	}
	return pass(r, bytes(own))
}

func bytes(n int64) string { return fmt.Sprintf("%s (%d)", humanize.IBytes(uint64(max(n, 0))), n) }

// toldQuota is the quota in bytes by the member or its metrics; 0 where neither tells.
func toldQuota(e *facts.Endpoint) int64 {
	if e.Status.Quota != 0 {
		return e.Status.Quota
	}
	return e.Metrics.Quota
}

// expectedQuota is the quota of the expectation, where it has one that can be compared: negative ones switch it off.
func expectedQuota(c *facts.Cluster) (int64, bool) {
	if c.Expect == nil {
		return 0, false
	}
	n, err := strconv.ParseInt(c.Expect.Settings[quotaSetting], 10, 64)
	if err != nil || n < 0 {
		return 0, false
	}
	if n == 0 {
		return quotaStandard, true
	}
	return n, true
}

// gates compares feature gates: with those that the expectation sets, else with the other members'.
func gates(c *facts.Cluster, e *facts.Endpoint) report.Result {
	r, own := on(e, "feature gates"), e.Metrics.Features
	if own == nil {
		return skip(r, "not told: etcd has them from 3.6 on, in /metrics")
	}
	wanted, ok := "", false
	if c.Expect != nil {
		wanted, ok = c.Expect.Settings["ETCD_FEATURE_GATES"]
	}
	if !ok {
		if usual := common(peersOf(c, e), enabled); enabled(e) != usual {
			return bad(report.Fail, r, "on: "+usual, "on: "+enabled(e), "it is not set up like most members: "+settingHint)
		}
		return pass(r, "on: "+enabled(e))
	}
	for gate := range strings.SplitSeq(wanted, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(gate), "=")
		on, known := own[name]
		if name != "" && (!known || strconv.FormatBool(on) != value) {
			return bad(report.Fail, r, wanted, "on: "+enabled(e), name+" is not as it should be: "+settingHint)
		}
	}
	return pass(r, wanted)
}

// enabled lists the gates that are on; nothing distinguishes a member without the metric from one without gates here.
func enabled(e *facts.Endpoint) string {
	var names []string
	for _, name := range slices.Sorted(maps.Keys(e.Metrics.Features)) {
		if e.Metrics.Features[name] {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " ")
}

// peersOf are the members of the same version, the only ones with the same gates by default.
func peersOf(c *facts.Cluster, e *facts.Endpoint) []*facts.Endpoint {
	return slices.DeleteFunc(c.Inside(), func(other *facts.Endpoint) bool { return other.Status.Version != e.Status.Version })
}

// common is what most of the members say; the first of them on a tie.
func common[T comparable](members []*facts.Endpoint, say func(*facts.Endpoint) T) T {
	count := map[T]int{}
	var best, zero T
	for _, e := range members {
		count[say(e)]++
	}
	for _, e := range members {
		if v := say(e); v != zero && (best == zero || count[v] > count[best]) {
			best = v
		}
	}
	return best
}

// flags looks at the command line: a flag wins over nothing in etcd.conf, it replaces what should be there.
func flags(c *facts.Cluster, e *facts.Endpoint) report.Result {
	r := on(e, "command line")
	if len(e.CommandLine) == 0 {
		return skip(r, "not told: no /debug/vars on the client port")
	}
	given := parseFlags(e.CommandLine[1:])
	for _, name := range slices.Sorted(maps.Keys(given)) {
		variable := "ETCD_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))
		wanted, expected := "", false
		if c.Expect != nil {
			wanted, expected = c.Expect.Settings[variable]
		}
		switch flag := "--" + name + "=" + given[name]; {
		case expected && wanted != given[name]:
			return bad(report.Fail, r, variable+"="+wanted, flag, "a flag of the unit replaces the setting: systemctl cat etcd")
		case name == "force-new-cluster" && given[name] == "true":
			return bad(report.Fail, r, "no such flag", flag, "each time it starts it throws the other members away: remove it, see membership")
		case !expected && strings.HasPrefix(name, "unsafe-") && given[name] == "true":
			return bad(report.Warn, r, "no unsafe flag", flag, "it is for tests and rescue alone, and can lose data: remove it")
		}
	}
	own := commonFlags(e)
	if usual, ok := majority(slices.DeleteFunc(peersOf(c, e), silentOnFlags), commonFlags); ok && own != usual {
		return bad(report.Warn, r, usual, own, "it is not started like most members: systemctl cat etcd")
	}
	return pass(r, fmt.Sprintf("%d flags, none of them against the expectation, unsafe, or this member's alone", len(given)))
}

func silentOnFlags(e *facts.Endpoint) bool { return len(e.CommandLine) == 0 }

// commonFlags are the flags that should be the same on every member, in one line: not those about names, addresses, files and
// beginnings, nor those that have a result of their own.
func commonFlags(e *facts.Endpoint) string {
	given := parseFlags(e.CommandLine[1:])
	var out []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		_, own := map[string]bool{"name": true, "quota-backend-bytes": true, "feature-gates": true}[name]
		for _, prefix := range []string{"listen-", "advertise-", "initial-", "log-", "discovery", "unsafe-", "force-new-cluster"} {
			own = own || strings.HasPrefix(name, prefix)
		}
		for _, suffix := range []string{"-dir", "-file"} {
			own = own || strings.HasSuffix(name, suffix)
		}
		if !own {
			out = append(out, "--"+name+"="+given[name])
		}
	}
	if len(out) == 0 {
		return "no flags that concern all members"
	}
	return strings.Join(out, " ")
}

// majority is what more than half of the members say.
func majority[T comparable](members []*facts.Endpoint, say func(*facts.Endpoint) T) (most T, ok bool) {
	count := map[T]int{}
	for _, e := range members {
		v := say(e)
		if count[v]++; 2*count[v] > len(members) {
			most, ok = v, true
		}
	}
	return most, ok
}

// parseFlags reads --name=value, --name value and --name.
func parseFlags(args []string) map[string]string {
	given := map[string]string{}
	for i := 0; i < len(args); i++ {
		if !strings.HasPrefix(args[i], "-") {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		switch {
		case ok:
		case i+1 < len(args) && !strings.HasPrefix(args[i+1], "-"):
			i++
			value = args[i]
		default:
			value = "true"
		}
		given[name] = value
	}
	return given
}

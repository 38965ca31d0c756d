package verify

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/verify/checks"
	"github.com/etcdbake/etcdbake/verify/report"
)

// Checks are all checks in words, in the order in which they are shown.
func Checks() []checks.About {
	var all []checks.About
	for _, c := range checks.All(checks.DefaultLimits()) {
		all = append(all, c.About())
	}
	return all
}

// runs tells whether the check with the name is to run.
func (o Options) runs(name string) bool {
	return (len(o.Only) == 0 || slices.Contains(o.Only, name)) && !slices.Contains(o.Skip, name)
}

// noCanary says why nothing is to be written; empty where the canary is to run.
func (o Options) noCanary() string {
	switch {
	case o.ReadOnly:
		return "read-only: nothing is written"
	case !o.runs("canary"):
		return "not asked for"
	}
	return ""
}

// limits are those given, else upstream's advice.
func (o Options) limits() checks.Limits {
	if o.Limits == (checks.Limits{}) {
		return checks.DefaultLimits()
	}
	return o.Limits
}

// selected are the checks to run; an error names one that does not exist.
func (o Options) selected() ([]checks.Check, error) {
	limits := o.limits()
	if err := limits.Validate(); err != nil {
		return nil, err
	}
	all := checks.All(limits)
	var names []string
	for _, c := range all {
		names = append(names, c.About().Name)
	}
	for _, name := range slices.Concat(o.Only, o.Skip) {
		if !slices.Contains(names, name) {
			return nil, fmt.Errorf("there is no check %q: the checks are %s", name, strings.Join(names, ", "))
		}
	}
	if o.Host == nil && slices.Contains(o.Only, "host") {
		return nil, errors.New("the check host looks at this machine, a member's: ask for it with --host")
	}
	all = slices.DeleteFunc(all, func(c checks.Check) bool { return !o.runs(c.About().Name) })
	if len(all) == 0 {
		return nil, fmt.Errorf("no check is left: the checks are %s", strings.Join(names, ", "))
	}
	return all, nil
}

// orphaned turns a skip that relies on a check which does not run into undetermined: nobody tells then what is wrong.
func orphaned(results []report.Result, selected []checks.Check) []report.Result {
	run := map[string]bool{"": true}
	for _, c := range selected {
		run[c.About().Name] = true
	}
	for i, r := range results {
		if r.Verdict == report.Skip && !run[r.See] {
			results[i].Verdict, results[i].Heals = report.Undetermined, true
			results[i].Hint = "the check " + r.See + " was left out and says more: run it too"
		}
	}
	return results
}

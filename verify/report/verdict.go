package report

import "slices"

// Verdict is the outcome of one check or of a whole verification.
type Verdict string

// The verdicts. Undetermined means that it could not be told, for want of rights or because something else is in the way;
// it never means unhealthy. Skip means that there was nothing to check, or that another result already says why not.
const (
	Skip         Verdict = "skip"
	Pass         Verdict = "pass"
	Warn         Verdict = "warn"
	Undetermined Verdict = "undetermined"
	Fail         Verdict = "fail"
)

// Verdicts are all verdicts, from the mildest to the worst.
func Verdicts() []Verdict { return []Verdict{Skip, Pass, Warn, Undetermined, Fail} }

// WorseThan tells whether v is worse than w.
func (v Verdict) WorseThan(w Verdict) bool {
	all := Verdicts()
	return slices.Index(all, v) > slices.Index(all, w)
}

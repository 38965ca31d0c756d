package output

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/dustin/go-humanize/english"

	"github.com/etcdbake/etcdbake/verify/report"
)

// timeline are the lifetimes of all certificates on one axis.
type timeline struct {
	Ticks []tick
	Now   template.CSS
	Rows  []lifetime
}

// tick is a labelled date on the axis.
type tick struct {
	Text string
	At   template.CSS
}

// lifetime is one certificate. Gone is the part of its life that is over.
type lifetime struct {
	Member, Kind, Subject, SHA256 string
	Verdict                       report.Verdict // the worst that is said of this certificate
	Life, Gone                    template.CSS
	From, To, Left                string
}

// axis maps times to percent.
type axis struct{ from, to time.Time }

func newTimeline(r *report.Report) timeline {
	a := axis{r.StartedAt, r.StartedAt}
	for _, m := range r.Members {
		for _, c := range certificates(m) {
			a = a.with(c.NotBefore).with(c.NotAfter)
		}
	}
	t := timeline{Now: a.left(r.StartedAt)}
	for _, m := range r.Members {
		for _, c := range certificates(m) {
			t.Rows = append(t.Rows, newLifetime(r, a, m, c))
		}
	}
	if len(t.Rows) > 0 {
		t.Ticks = a.ticks()
	}
	return t
}

func newLifetime(r *report.Report, a axis, m report.Member, c kept) lifetime {
	of := report.Select(r.Results, func(x report.Result) bool {
		return x.Member == m.Name && strings.HasPrefix(x.Subject, c.kind+" certificate")
	})
	gone := min(max(r.StartedAt.Sub(c.NotBefore), 0), c.NotAfter.Sub(c.NotBefore))
	life := lifetime{
		Member: m.Name, Kind: c.kind, Subject: clean(c.Subject), SHA256: c.SHA256, Verdict: report.Worst(of),
		From: day(c.NotBefore), To: day(c.NotAfter), Left: "ends " + relative(c.NotAfter, r.StartedAt),
		Life: a.left(c.NotBefore) + ";" + width(float64(c.NotAfter.Sub(c.NotBefore)), float64(a.to.Sub(a.from))),
		Gone: width(float64(gone), float64(c.NotAfter.Sub(c.NotBefore))),
	}
	switch {
	case r.StartedAt.After(c.NotAfter):
		life.Left = "ended " + relative(c.NotAfter, r.StartedAt)
	case r.StartedAt.Before(c.NotBefore):
		life.Left = "begins " + relative(c.NotBefore, r.StartedAt)
	}
	return life
}

// relative is a time by another one: "in 334 days", "3 days ago".
func relative(t, now time.Time) string {
	if t.After(now) {
		return "in " + span(t.Sub(now))
	}
	return span(now.Sub(t)) + " ago"
}

// span is a duration in the largest unit (but months) of which it has two, rounded down.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*365*day:
		return english.Plural(int(d/(365*day)), "year", "")
	case d >= 2*day:
		return english.Plural(int(d/day), "day", "")
	case d >= 2*time.Hour:
		return english.Plural(int(d.Hours()), "hour", "")
	default:
		return english.Plural(int(d.Minutes()), "minute", "")
	}
}

func (a axis) with(t time.Time) axis {
	if t.Before(a.from) {
		a.from = t
	}
	if t.After(a.to) {
		a.to = t
	}
	return a
}

// share is where on the axis t is, from 0 to 1.
func (a axis) share(t time.Time) float64 {
	if !a.to.After(a.from) {
		return 0
	}
	return float64(t.Sub(a.from)) / float64(a.to.Sub(a.from))
}

func (a axis) left(t time.Time) template.CSS {
	return template.CSS(fmt.Sprintf("left:%.2f%%", 100*a.share(t)))
}

// ticks are at the beginnings of years, months, days or hours: the finest of which there are not too many.
func (a axis) ticks() []tick {
	const most, lastLabel = 7, 0.9 // a label begins at its tick and would leave the axis
	for _, step := range []struct {
		years, months int
		length        time.Duration
		layout        string
	}{
		{length: time.Minute, layout: "15:04"}, {length: 10 * time.Minute, layout: "15:04"}, {length: time.Hour, layout: "15:04"},
		{length: 6 * time.Hour, layout: "Jan 2 15:04"}, {length: 24 * time.Hour, layout: "Jan 2"},
		{months: 1, layout: "Jan 2006"}, {months: 2, layout: "Jan 2006"}, {months: 3, layout: "Jan 2006"},
		{months: 6, layout: "Jan 2006"}, {years: 1, layout: "2006"}, {years: 2, layout: "2006"}, {years: 5, layout: "2006"},
		{years: 10, layout: "2006"}, {years: 50, layout: "2006"}, {years: 500, layout: "2006"},
	} {
		var at time.Time
		var next func(time.Time) time.Time
		from := a.from.UTC()
		switch {
		case step.years > 0:
			at = time.Date(from.Year()/step.years*step.years, 1, 1, 0, 0, 0, 0, time.UTC)
			next = func(t time.Time) time.Time { return t.AddDate(step.years, 0, 0) }
		case step.months > 0:
			at = time.Date(from.Year(), 1, 1, 0, 0, 0, 0, time.UTC)
			next = func(t time.Time) time.Time { return t.AddDate(0, step.months, 0) }
		default:
			at = from.Truncate(step.length)
			next = func(t time.Time) time.Time { return t.Add(step.length) }
		}
		var ticks []tick
		for ; !at.After(a.to) && len(ticks) <= most; at = next(at) {
			switch share := a.share(at); {
			case share < 0:
			case share > lastLabel:
				ticks = append(ticks, tick{"", a.left(at)})
			default:
				ticks = append(ticks, tick{at.Format(step.layout), a.left(at)})
			}
		}
		if len(ticks) <= most {
			return ticks
		}
	}
	return nil
}

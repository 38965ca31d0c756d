package output

import (
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/dustin/go-humanize"

	"github.com/etcdbake/etcdbake/verify/report"
)

// memberRow is one endpoint and the member behind it.
type memberRow struct {
	Name, Endpoint, ID, Version string
	Role                        string // "leader", "follower", "learner" or "no answer"
	Verdict                     report.Verdict
	Errors                      string
	Database                    *bar
	Term, Applied               string
}

// bar is a value with its share of a scale, in percent.
type bar struct {
	Text, Note string
	Width      template.CSS
	// Limit is where the most that is advised is on the scale; empty where nothing is.
	Limit template.CSS
	Over  bool
}

func memberRows(r *report.Report) []memberRow {
	var rows []memberRow
	largest := int64(0)
	for _, m := range r.Members {
		largest = max(largest, m.DBSizeBytes)
	}
	for _, m := range r.Members {
		row := memberRow{
			Name: m.Name, Endpoint: m.Endpoint, ID: m.ID, Version: m.Version, Role: "no answer", Errors: strings.Join(m.Errors, "\n"),
			Verdict: report.Worst(report.Select(r.Results, func(x report.Result) bool { return x.Member == m.Name })),
		}
		if m.ID != "" {
			row.Role, row.Database = role(m), database(m, largest)
			row.Term, row.Applied = humanize.Comma(int64(m.RaftTerm)), humanize.Comma(int64(m.AppliedIndex))
		}
		rows = append(rows, row)
	}
	return rows
}

// database is the size on the scale of the quota, else of the largest one.
func database(m report.Member, largest int64) *bar {
	scale, note := largest, humanize.IBytes(uint64(m.DBInUseBytes))+" in use"
	if m.QuotaBytes > 0 {
		scale = m.QuotaBytes
		note += ", quota " + humanize.IBytes(uint64(m.QuotaBytes))
	}
	return &bar{Text: humanize.IBytes(uint64(m.DBSizeBytes)), Note: note, Width: width(float64(m.DBSizeBytes), float64(scale))}
}

// speed are latencies: a row per member that told any.
type speed struct {
	Columns []speedColumn
	Rows    []speedRow
}

type speedColumn struct{ Title, Scale string }

type speedRow struct {
	Name string
	Bars []*bar // nil where the member did not tell it
}

// measure is one kind of latency.
type measure struct {
	title string
	of    func(report.Member) *report.Latency
}

func newSpeed(r *report.Report) speed {
	rows := map[string]*speedRow{}
	var s speed
	for _, what := range []measure{
		{"Round trip from here", roundTrip},
		{"Log fsync", func(m report.Member) *report.Latency { return m.Fsync }},
		{"Database commit", func(m report.Member) *report.Latency { return m.Commit }},
		{"Round trip to peers", func(m report.Member) *report.Latency { return m.PeerRTT }},
	} {
		top := scale(r, what)
		if top == 0 {
			continue
		}
		s.Columns = append(s.Columns, speedColumn{what.title, scaleText(r, what, top)})
		for _, m := range r.Members {
			if m.ID == "" {
				continue
			}
			if rows[m.Endpoint] == nil {
				rows[m.Endpoint] = &speedRow{Name: m.Name}
			}
			row := rows[m.Endpoint]
			row.Bars = append(row.Bars, latencyBar(what.of(m), top))
		}
	}
	for _, m := range r.Members {
		if row := rows[m.Endpoint]; row != nil {
			s.Rows = append(s.Rows, *row)
		}
	}
	return s
}

// roundTrip is a latency of one sample and without advice.
func roundTrip(m report.Member) *report.Latency {
	if m.ID == "" {
		return nil
	}
	return &report.Latency{Samples: 1, P99Micros: m.RoundTripMicros}
}

// scaleText says what the scale of a measure is, and where the advice is on it.
func scaleText(r *report.Report, what measure, top int64) string {
	text := "0 to " + latencyText(top)
	for _, m := range r.Members {
		if l := what.of(m); l != nil && l.LimitMicros > 0 {
			return text + ", advised ≤ " + latencyText(l.LimitMicros)
		}
	}
	return text
}

// scale is the end of a measure's scale in microseconds: a round number that no member and no advice exceeds.
func scale(r *report.Report, what measure) int64 {
	top := int64(0)
	for _, m := range r.Members {
		if l := what.of(m); l != nil {
			top = max(top, l.P99Micros, l.LimitMicros*5/4)
		}
	}
	if top == 0 {
		return 0
	}
	power := math.Pow10(int(math.Floor(math.Log10(float64(top)))))
	for _, step := range []float64{1, 1.5, 2, 3, 5, 10} {
		if step*power >= float64(top) {
			return int64(step * power)
		}
	}
	return top
}

func latencyBar(l *report.Latency, top int64) *bar {
	if l == nil {
		return nil
	}
	b := &bar{Text: latencyText(l.P99Micros), Width: width(float64(l.P99Micros), float64(top))}
	if l.LimitMicros > 0 {
		b.Text = "≤ " + b.Text
		b.Note = "99 % of " + humanize.Comma(int64(l.Samples)) + " samples"
		if !l.Judged {
			b.Note = fmt.Sprintf("%d samples, too few to judge", l.Samples)
		}
		b.Limit = template.CSS(fmt.Sprintf("left:%.2f%%", 100*float64(l.LimitMicros)/float64(top)))
		b.Over = l.Judged && l.P99Micros > l.LimitMicros
	}
	return b
}

func latencyText(micros int64) string {
	d := time.Duration(micros) * time.Microsecond
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%d µs", micros)
	case d < time.Second:
		return fmt.Sprintf("%s ms", humanize.FtoaWithDigits(float64(micros)/1e3, 1))
	default:
		return fmt.Sprintf("%s s", humanize.FtoaWithDigits(float64(micros)/1e6, 1))
	}
}

// width is a share of a whole; a sliver remains visible.
func width(part, whole float64) template.CSS {
	if whole <= 0 {
		return "width:0"
	}
	return template.CSS(fmt.Sprintf("width:%.2f%%", min(100, max(100*part/whole, 0.5))))
}

// Any tells whether there is something to show.
func (s speed) Any() bool {
	return slices.ContainsFunc(s.Rows, func(r speedRow) bool { return len(r.Bars) > 0 })
}

package output

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/etcdbake/etcdbake/verify/report"
)

// NagiosState is a state of a service by the monitoring plugins' rules, and the exit code that stands for it.
// https://www.monitoring-plugins.org/doc/guidelines.html
type NagiosState int

// The states.
const (
	NagiosOK       NagiosState = 0
	NagiosWarning  NagiosState = 1
	NagiosCritical NagiosState = 2
	NagiosUnknown  NagiosState = 3
)

// String is the state's name.
func (s NagiosState) String() string {
	return [...]string{"OK", "WARNING", "CRITICAL", "UNKNOWN"}[s]
}

// NagiosStateOf is what the report's verdict is called there.
func NagiosStateOf(r *report.Report) NagiosState {
	switch {
	case r.Verdict == report.Fail:
		return NagiosCritical
	case r.Verdict == report.Undetermined:
		return NagiosUnknown
	case report.Count(r.Results, report.Warn) > 0:
		return NagiosWarning
	default:
		return NagiosOK
	}
}

// nagiosText is the longest text of the status line: what reads it may cut at 4 KiB.
const nagiosText = 400

// Nagios writes one status line with the worst finding, and performance data.
func Nagios(w io.Writer, r *report.Report) error {
	text := name(r) + ": " + headline(r)
	if found := findings(r); len(found) > 0 {
		text = fmt.Sprintf("%s: %s: %s", name(r), title(found[0]), clean(found[0].Seen))
		if len(found) > 1 {
			text = shorten(text, nagiosText) + fmt.Sprintf(" (and %d more)", len(found)-1)
		}
	}
	text = shorten(strings.ReplaceAll(text, "|", "/"), nagiosText+20) // a bar begins the performance data
	_, err := fmt.Fprintf(w, "ETCD %s - %s | %s\n", NagiosStateOf(r), text, strings.Join(perfdata(r), " "))
	return err
}

// perfdata are values by 'label'=value[unit];warn;crit;min.
func perfdata(r *report.Report) []string {
	data := []string{fmt.Sprintf("took=%ss;;;0", seconds(r))}
	for _, v := range report.Verdicts() {
		data = append(data, fmt.Sprintf("%s=%d;;;0", v, report.Count(r.Results, v)))
	}
	for _, m := range r.Members {
		of := func(what string) string { return label(m.Name) + "_" + what }
		if m.ID != "" {
			data = append(data,
				fmt.Sprintf("%s=%ss;;;0", of("round_trip"), micros(m.RoundTripMicros)),
				fmt.Sprintf("%s=%dB;;;0", of("db_size"), m.DBSizeBytes))
		}
		if m.Fsync != nil {
			data = append(data, fmt.Sprintf("%s=%ss;;;0", of("fsync_p99"), micros(m.Fsync.P99Micros)))
		}
		for _, c := range certificates(m) {
			left := c.NotAfter.Sub(r.StartedAt).Truncate(time.Second)
			data = append(data, fmt.Sprintf("%s=%ds", of(c.kind+"_certificate_ends_in"), int64(left.Seconds())))
		}
	}
	return data
}

// micros is a number of microseconds in seconds.
func micros(n int64) string {
	return strconv.FormatFloat(time.Duration(n*int64(time.Microsecond)).Seconds(), 'f', -1, 64)
}

// label is a name with only such characters as need no quotes in performance data.
func label(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '.', r == '_':
			return r
		default:
			return '_'
		}
	}, s)
	return s[:min(len(s), 64)]
}

// kept is a certificate with what it is for: "server" or "peer".
type kept struct {
	kind string
	*report.Certificate
}

// certificates are those that the member showed.
func certificates(m report.Member) []kept {
	var all []kept
	for _, c := range []kept{{"server", m.Server}, {"peer", m.Peer}} {
		if c.Certificate != nil {
			all = append(all, c)
		}
	}
	return all
}

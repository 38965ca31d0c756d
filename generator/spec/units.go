package spec

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/prometheus/common/model"
	"gopkg.in/yaml.v3"
)

// Duration is a time.Duration written with units from ms to years: "100ms", "8760h", "90d", "10y". A year is 365 days.
type Duration time.Duration

// Bytes is a size written as "2GiB" (1024³), "8G" (1000³) or a plain number of bytes.
type Bytes uint64

const (
	day  = 24 * time.Hour
	year = 365 * day
)

// ParseDuration reads a Duration. A unit is needed.
func ParseDuration(s string) (Duration, error) {
	d, err := model.ParseDuration(s)
	if err != nil || s == "0" {
		return 0, fmt.Errorf("%q is not a duration", s)
	}
	return Duration(d), nil
}

// String writes d in the form that ParseDuration reads; less than a millisecond is dropped.
func (d Duration) String() string { return model.Duration(d).String() }

// UnmarshalYAML reads a Duration; an error names the line and column.
func (d *Duration) UnmarshalYAML(n *yaml.Node) (err error) {
	if *d, err = ParseDuration(n.Value); err != nil {
		return fmt.Errorf("line %d, column %d: %w", n.Line, n.Column, err)
	}
	return nil
}

// MarshalYAML writes the form that UnmarshalYAML reads.
func (d Duration) MarshalYAML() (any, error) { return d.String(), nil }

// ParseBytes reads a size of at most 2⁶³-1 bytes.
func ParseBytes(s string) (Bytes, error) {
	b, err := humanize.ParseBytes(s)
	if err != nil {
		return 0, fmt.Errorf("%q is not a size", s)
	}
	if b > math.MaxInt64 {
		return 0, errors.New("the size is more than 2^63-1 bytes")
	}
	return Bytes(b), nil
}

// String writes b exactly, in the largest unit that divides it: "2GiB", "1500000".
func (b Bytes) String() string {
	units := []string{"", "KiB", "MiB", "GiB", "TiB", "PiB"}
	unit := 0
	for b != 0 && b%1024 == 0 && unit < len(units)-1 {
		b, unit = b/1024, unit+1
	}
	return strconv.FormatUint(uint64(b), 10) + units[unit]
}

// UnmarshalYAML reads a size; an error names the line and column.
func (b *Bytes) UnmarshalYAML(n *yaml.Node) (err error) {
	if *b, err = ParseBytes(n.Value); err != nil {
		return fmt.Errorf("line %d, column %d: %w", n.Line, n.Column, err)
	}
	return nil
}

// MarshalYAML writes the form that UnmarshalYAML reads.
func (b Bytes) MarshalYAML() (any, error) { return b.String(), nil }

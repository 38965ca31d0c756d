package inspect

import (
	"slices"

	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/generator/userdata"
)

// Fit is how large user-data is for a cloud.
type Fit struct {
	Cloud string `json:"cloud"`
	Limit int    `json:"limit_bytes"`
	Plain int    `json:"plain_bytes"` // without anything around it
	// Lightest is the smallest that the cloud lets pass, and Encoding what that is wrapped in.
	Lightest int    `json:"lightest_bytes"`
	Encoding string `json:"lightest_encoding"`
	Fits     bool   `json:"fits"`
}

// fits holds a document against every cloud that has a limit.
func fits(host *userdata.Host) ([]Fit, error) {
	all := []Fit{}
	for _, name := range spec.Clouds() {
		channel := cloud.ChannelOf(spec.Target{Cloud: name, Format: formatOf(host)})
		if channel.Limit == 0 {
			continue
		}
		fit := Fit{Cloud: name, Limit: channel.Limit, Plain: len(host.Document)}
		for i, encoding := range channel.Encodings {
			wrapped, err := encoding.Wrap(host.Document)
			if err != nil {
				return nil, err
			}
			if i == 0 || len(wrapped) < fit.Lightest {
				fit.Lightest, fit.Encoding = len(wrapped), string(encoding)
			}
		}
		fit.Fits = fit.Lightest <= fit.Limit
		all = append(all, fit)
	}
	return all, nil
}

// formatOf is the format as the spec's target names it: cloud-init takes all but Ignition configs.
func formatOf(host *userdata.Host) string {
	switch {
	case slices.Contains(host.Wrapping, userdata.ISO):
		return spec.NoCloudFormat
	case slices.Contains(host.Formats, userdata.Ignition):
		return spec.IgnitionFormat
	case slices.Contains(host.Formats, userdata.BakedScript), slices.Equal(host.Formats, []string{userdata.Script}):
		return spec.ScriptFormat
	}
	return spec.CloudConfigFormat
}

package generator

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
)

// fitted is a host's artefact in the form and encoding that were chosen for a cloud.
type fitted struct {
	form     encoder
	encoding cloud.Encoding
	content  []byte
}

// fit returns the host's artefact in the most readable form that the channel takes; ok is false where none fits, and then it is
// the smallest.
func fit(host plan.Host, format hostFormat, channel cloud.Channel) (best fitted, ok bool, err error) {
	for _, form := range format.forms {
		content, err := form(host)
		if err != nil {
			return best, false, err
		}
		for _, encoding := range channel.Encodings {
			wrapped, err := encoding.Wrap(content)
			if err != nil {
				return best, false, err
			}
			if best.content == nil || len(wrapped) < len(best.content) {
				best = fitted{form, encoding, wrapped}
			}
			if channel.Limit == 0 || len(wrapped) <= channel.Limit {
				return fitted{form, encoding, wrapped}, true, nil
			}
		}
	}
	return best, false, nil
}

// size is that of another host's artefact in the same form.
func (f fitted) size(host plan.Host) (int, error) {
	content, err := f.form(host)
	if err != nil {
		return 0, err
	}
	wrapped, err := f.encoding.Wrap(content)
	return len(wrapped), err
}

// tooLarge says what in the host's smallest artefact weighs most, and what helps with this spec. It is an *InputError.
func tooLarge(c *spec.Cluster, host plan.Host, smallest fitted, channel cloud.Channel) error {
	weights, err := weigh(host, smallest)
	if err != nil {
		return err
	}
	remedies, err := remedies(c, host, smallest, channel)
	if err != nil {
		return err
	}
	packed := ""
	if smallest.encoding != cloud.Plain {
		packed = fmt.Sprintf(" (%s)", smallest.encoding)
	}
	return &InputError{fmt.Errorf("the %s of %s has %d bytes%s, and %s takes %d\n%s%s", c.Target.Format, host.Name,
		len(smallest.content), packed, c.Target.Cloud, channel.Limit, weights, remedies)}
}

// heaviest is how many files an error names.
const heaviest = 5

// weigh returns a table of the files that weigh most: their bytes, and by how much the artefact would be smaller without them.
func weigh(host plan.Host, f fitted) (string, error) {
	type weight struct {
		path        string
		bytes, sent int
	}
	var all []weight
	for i, file := range host.Files {
		without := host
		without.Files = slices.Delete(slices.Clone(host.Files), i, i+1)
		size, err := f.size(without)
		if err != nil {
			return "", err
		}
		all = append(all, weight{file.Path, len(file.Content), len(f.content) - size})
	}
	slices.SortStableFunc(all, func(a, b weight) int { return cmp.Compare(b.sent, a.sent) })
	var out strings.Builder
	table := tabwriter.NewWriter(&out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "bytes\tas sent\t  file")
	for _, w := range all[:min(heaviest, len(all))] {
		fmt.Fprintf(table, "%d\t%d\t  %s\n", w.bytes, w.sent, w.path)
	}
	if err := table.Flush(); err != nil {
		return "", err
	}
	return out.String(), nil
}

// remedies returns what would make the artefact smaller, one line each.
func remedies(c *spec.Cluster, host plan.Host, f fitted, channel cloud.Channel) (string, error) {
	var lines []string
	if slices.ContainsFunc(host.Files, hasRSAKey) {
		lines = append(lines, "use ECDSA keys, which are several times smaller than RSA: pki.key: {algorithm: ecdsa}, then "+
			"etcdbake generate --renew all")
	}
	if c.Target.Image != spec.GoldenImage {
		identity := host
		identity.Files = slices.DeleteFunc(slices.Clone(host.Files), func(f plan.File) bool { return f.Layer == plan.Image })
		size, err := f.size(identity)
		if err != nil {
			return "", err
		}
		lines = append(lines, fmt.Sprintf("bake a golden image and write target.image: golden: about %d bytes then", size))
	}
	asCloudConfig := c.Target
	asCloudConfig.Format = spec.CloudConfigFormat
	switch compressed := len(cloud.ChannelOf(asCloudConfig).Encodings) > 1; {
	case compressed && len(channel.Encodings) == 1:
		lines = append(lines, fmt.Sprintf("write target.format: cloud-config, which %s hands on compressed", c.Target.Cloud))
	case compressed && c.Target.Format == spec.ScriptFormat:
		lines = append(lines, "write target.format: cloud-config, which needs less")
	}
	if len(lines) == 0 {
		lines = append(lines, "make the heaviest files smaller: fewer names, addresses and settings in the spec")
	}
	return "what helps: " + strings.Join(lines, "\nor: "), nil
}

func hasRSAKey(f plan.File) bool { return bytes.Contains(f.Content, []byte("BEGIN RSA PRIVATE KEY")) }

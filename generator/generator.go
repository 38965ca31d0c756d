// Package generator is the façade: a spec file in, artefacts out. It joins spec, pki, plan and format, and writes what they
// make; it decides nothing about certificates or hosts.
package generator

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/durable"
	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
)

// Format is what Generate writes.
type Format string

// The formats of hosts are user-data or what else a host boots from. RootFS writes tars for other image builders, and Packer
// templates of Packer that bake a golden image: these need no PKI and make none.
const (
	CloudConfig Format = spec.CloudConfigFormat
	Script      Format = spec.ScriptFormat
	Ignition    Format = spec.IgnitionFormat
	NoCloud     Format = spec.NoCloudFormat
	Packer      Format = "packer"
	RootFS      Format = "rootfs"
)

// Formats are the values of Format: those of hosts first.
func Formats() []string {
	var names []string
	for _, f := range hostFormats() {
		names = append(names, string(f.name))
	}
	return append(names, string(Packer), string(RootFS))
}

// Options says what to generate from, and where to.
type Options struct {
	Spec string // path of cluster.yaml
	PKI  string // folder of CA keys and identities: state, made where it does not exist
	Out  string // folder of artefacts, all of which can be made again from Spec and PKI
	// Format is one of Formats; empty for the spec's target.format.
	Format Format
	// Image is spec.StockImage or spec.GoldenImage, in place of the spec's target.image; empty for the spec's.
	Image string
	// Releases are paths of release tarballs of etcd, one for each architecture, whose programs RootFS puts into images.
	Releases []string
	// Renew names leaves to issue anew, as pki.Options.
	Renew []string
	// Clock is time.Now but in tests.
	Clock func() time.Time
	// Disk syncs what is written; each file by itself where it is nil.
	Disk durable.Disk
	// Alone computes on one processor, for who has others to do meanwhile.
	Alone bool
}

// Summary is what Generate did.
type Summary struct {
	Cluster  *spec.Cluster
	Format   Format // what was written: Options.Format, or the spec's
	Warnings []spec.Problem
	// Changes are the certificates that were made or made again, and Notes what the operator should know besides.
	Changes []pki.Change
	Notes   []string
	Members []Artefact
	Shared  []Artefact // what is not one member's, but for expect.json; Member is empty
	Expect  string     // path of expect.json; empty where none was written
	Removed []Removal
}

// Removal is an artefact of a former run that was removed: it held keys, and somebody might have booted it.
type Removal struct {
	Path   string
	Reason string
}

// Artefact is a file that was written: one member's user-data or tar, or a file of an image.
type Artefact struct {
	Member   string
	Path     string
	Encoding cloud.Encoding // what the whole file is wrapped in; empty for a tar
	Size     int            // bytes
	Limit    int            // of the cloud, in bytes; 0 for none
	NotAfter time.Time      // when the first of the host's certificates expires
	Changed  bool           // false where Path had these bytes already
}

// InputError is an error about the spec file or another file or option that was given. Of the spec, Err is a *spec.Error with
// all that is wrong in it, or says that it cannot be read.
type InputError struct{ Err error }

func (e *InputError) Error() string { return e.Err.Error() }
func (e *InputError) Unwrap() error { return e.Err }

// Generate makes everything in memory first, then writes it below Out. Bad input is an *InputError or wraps pki.ErrInvalid;
// nothing has been written then. Nor has it where ctx ends before anything is written; from then on it is not interrupted.
func Generate(ctx context.Context, o Options) (*Summary, error) {
	input, err := Load(o)
	if err != nil {
		return nil, err
	}
	return input.Generate(ctx)
}

// Input is a spec that has been read, with the options that it has been held against.
type Input struct {
	Options
	Cluster  *spec.Cluster
	warnings []spec.Problem
}

// Generate is the package's Generate without reading the spec again.
func (in *Input) Generate(ctx context.Context) (*Summary, error) {
	o := in.Options
	summary := &Summary{Cluster: in.Cluster, Warnings: in.warnings, Format: cmp.Or(o.Format, Format(in.Cluster.Target.Format))}
	var all []artefact
	var err error
	if summary.Format == Packer {
		all, err = packerTemplates(in.Cluster)
	} else {
		summary.Expect = filepath.Join(o.Out, expectFile)
		all, err = clusterArtefacts(ctx, o, summary)
	}
	if err != nil {
		return nil, err
	}
	if err := write(o, all, summary); err != nil {
		return nil, err
	}
	return summary, nil
}

// Load reads the spec and holds the options against it, as Generate does first; it writes nothing.
func Load(o Options) (*Input, error) {
	cluster, warnings, err := load(o)
	if err != nil {
		return nil, &InputError{err}
	}
	return &Input{o, cluster, warnings}, nil
}

func load(o Options) (*spec.Cluster, []spec.Problem, error) {
	cluster, warnings, err := spec.Load(o.Spec, o.choose)
	if err != nil {
		return nil, nil, err
	}
	format := cmp.Or(o.Format, Format(cluster.Target.Format))
	switch {
	case o.Image != "" && o.Image != spec.StockImage && o.Image != spec.GoldenImage:
		return nil, nil, fmt.Errorf("image %q: want %s or %s", o.Image, spec.StockImage, spec.GoldenImage)
	case !slices.Contains(Formats(), string(format)):
		return nil, nil, fmt.Errorf("format %q: want one of %s", format, strings.Join(Formats(), ", "))
	case format == Packer && cluster.Etcd.Preinstalled:
		return nil, nil, fmt.Errorf("%s: etcd.preinstalled is for an image that has etcd already, and a template bakes one: "+
			"remove etcd.preinstalled", o.Spec)
	case format == RootFS && slices.ContainsFunc(cluster.Members, isCalledImage):
		return nil, nil, fmt.Errorf("%s: a member is called image, as the image's own tar is: give it another name", o.Spec)
	case len(o.Releases) > 0 && format != RootFS:
		return nil, nil, fmt.Errorf("an etcd release is put into a tar only: use it with format %s", RootFS)
	}
	return cluster, warnings, nil
}

// choose puts the options over the spec's target.
func (o Options) choose(target *spec.Target) {
	target.Image = cmp.Or(o.Image, target.Image)
	if _, ok := hostFormatOf(o.Format); ok {
		target.Format = string(o.Format)
	}
}

func isCalledImage(m spec.Member) bool {
	return m.Name == "image" || strings.HasPrefix(m.Name, "image-")
}

// clusterArtefacts brings the PKI up to date and encodes every host, and what etcd-verify will hold them to.
func clusterArtefacts(ctx context.Context, o Options, summary *Summary) ([]artefact, error) {
	cluster := summary.Cluster
	programs, err := readReleases(o.Releases, cluster)
	if err != nil {
		return nil, &InputError{err}
	}
	if err := notAFleet(o.PKI, cluster.Name); err != nil {
		return nil, &InputError{err}
	}
	store, err := pki.Open(o.PKI, pki.Options{Clock: o.Clock, Renew: o.Renew, Disk: o.Disk, Alone: o.Alone})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	bundle, changes, err := store.Ensure(ctx, cluster)
	if err != nil {
		return nil, err
	}
	summary.Changes, summary.Notes = changes, bundle.Notes
	hosts, err := plan.Hosts(cluster, bundle)
	if err != nil {
		return nil, err
	}
	var all []artefact
	if host, ok := hostFormatOf(summary.Format); ok {
		all, err = hostArtefacts(cluster, hosts, host)
	} else { // RootFS
		if cluster.Target.Image == spec.GoldenImage && len(programs) < len(cluster.Arches()) {
			summary.Notes = append(summary.Notes, "an image's tar has no etcd, and hosts of a golden image download none: "+
				"add it with --etcd-release")
		}
		all, err = tars(cluster, hosts, programs)
	}
	if err != nil {
		return nil, err
	}
	for i := range all {
		if m := all[i].member; m != "" {
			all[i].notAfter = firstExpiry(bundle, m)
		}
	}
	expectation, err := encodeExpectation(cluster, bundle, hosts, programs)
	return append(all, artefact{path: expectFile, content: expectation, mode: 0o644}), err
}

// notAFleet refuses a PKI folder in which this cluster, as one of a fleet, has a folder of its own: its CAs are there, and it must
// not get others.
func notAFleet(dir, cluster string) error {
	own := filepath.Join(dir, cluster)
	if _, err := os.Lstat(filepath.Join(own, "ca.pem")); err != nil {
		return nil
	}
	if _, err := os.Lstat(filepath.Join(dir, "ca.pem")); err == nil {
		return nil
	}
	return fmt.Errorf("%s has the CAs of %s, which was made with a fleet: give that folder as --pki, and its own as --out", own, cluster)
}

func firstExpiry(bundle *pki.Bundle, member string) time.Time {
	m := bundle.Members[member]
	first := bundle.CA.NotAfter
	for _, other := range []time.Time{bundle.PeerCA.NotAfter, m.Server.NotAfter, m.Peer.NotAfter} {
		if other.Before(first) {
			first = other
		}
	}
	return first
}

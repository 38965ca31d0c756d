// Package generator is the façade: a spec file in, artefacts out. It joins spec, pki, plan and format, and writes what they
// make; it decides nothing about certificates or hosts.
package generator

import (
	"context"
	"crypto/x509"
	"fmt"
	"path/filepath"
	"time"

	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/format/cloudconfig"
	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
)

// Options says what to generate from, and where to.
type Options struct {
	Spec string // path of cluster.yaml
	PKI  string // folder of CA keys and identities: state, made where it does not exist
	Out  string // folder of artefacts, all of which can be made again from Spec and PKI
	// Renew names leaves to issue anew, as pki.Options.
	Renew []string
	// Clock is time.Now but in tests.
	Clock func() time.Time
}

// Summary is what Generate did.
type Summary struct {
	Cluster  *spec.Cluster
	Warnings []spec.Problem
	// Changes are the certificates that were made or made again, and Notes what the operator should know of the others.
	Changes []pki.Change
	Notes   []string
	Members []Artefact
	Expect  string   // path of expect.json
	Removed []string // paths of user-data of members that are not in the spec any more
}

// Artefact is one member's user-data.
type Artefact struct {
	Member   string
	Path     string
	Size     int       // bytes
	Limit    int       // of the cloud, in bytes; 0 for none
	NotAfter time.Time // when the first of the host's certificates expires
	Changed  bool      // false where Path had these bytes already
}

// SpecError is an error about the spec file: it cannot be read, or Err is a *spec.Error with what is wrong in it.
type SpecError struct{ Err error }

func (e *SpecError) Error() string { return e.Err.Error() }
func (e *SpecError) Unwrap() error { return e.Err }

// Generate makes everything in memory first, then writes it: Out/user-data/<member>.yaml and Out/expect.json. Bad input is
// a *SpecError or wraps pki.ErrInvalid; nothing has been written then.
func Generate(ctx context.Context, o Options) (*Summary, error) {
	cluster, warnings, err := spec.Load(o.Spec)
	if err != nil {
		return nil, &SpecError{err}
	}
	store, err := pki.Open(o.PKI, pki.Options{Clock: o.Clock, Renew: o.Renew})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	bundle, changes, err := store.Ensure(ctx, cluster)
	if err != nil {
		return nil, err
	}
	artefacts, err := encode(cluster, bundle)
	if err != nil {
		return nil, err
	}
	expectation, err := encodeExpectation(cluster, bundle)
	if err != nil {
		return nil, err
	}
	summary := &Summary{
		Cluster:  cluster,
		Warnings: warnings,
		Changes:  changes,
		Notes:    bundle.Notes,
		Expect:   filepath.Join(o.Out, "expect.json"),
	}
	if err := write(ctx, o.Out, artefacts, expectation, summary); err != nil {
		return nil, err
	}
	return summary, nil
}

// userData is one member's artefact before it is written.
type userData struct {
	member   spec.Member
	content  []byte
	limit    int
	notAfter time.Time
}

func encode(c *spec.Cluster, bundle *pki.Bundle) ([]userData, error) {
	hosts, err := plan.Hosts(c, bundle)
	if err != nil {
		return nil, err
	}
	limit := cloud.Limit(c.Target.Cloud)
	var all []userData
	for i, host := range hosts {
		content, err := fit(host, limit)
		if err != nil {
			return nil, err
		}
		all = append(all, userData{c.Members[i], content, limit, firstExpiry(bundle, host.Name)})
	}
	return all, nil
}

// fit returns the host's user-data in the most readable form that is within the limit.
func fit(host plan.Host, limit int) ([]byte, error) {
	var size int
	for _, form := range []cloudconfig.Form{cloudconfig.Readable, cloudconfig.Compact} {
		content, err := cloudconfig.Encode(host, form)
		if err != nil {
			return nil, err
		}
		if size = len(content); limit == 0 || size <= limit {
			return content, nil
		}
	}
	return nil, fmt.Errorf("the user-data of %s has %d bytes even with its files compressed, but this cloud takes %d: "+
		"use ECDSA keys (pki.key) instead of RSA, which makes certificates and keys several times smaller",
		host.Name, size, limit)
}

func firstExpiry(bundle *pki.Bundle, member string) time.Time {
	m := bundle.Members[member]
	first := bundle.CA.Cert.NotAfter
	for _, cert := range []*x509.Certificate{bundle.PeerCA.Cert, m.Server.Cert, m.Peer.Cert} {
		if cert.NotAfter.Before(first) {
			first = cert.NotAfter
		}
	}
	return first
}

package pki

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/etcdbake/etcdbake/generator/spec"
)

// run is one Ensure: what the spec asks for, what was found and what becomes of it.
type run struct {
	store       *Store
	cluster     *spec.Cluster
	settings    *settings
	now         time.Time
	authorities []*authority
	leaves      []*leaf
	issuers     map[string]*issuer // by authority name
}

// Ensure makes what the spec asks for and pki/ does not have, and returns everything. Where anything in pki/ is damaged,
// does not fit together or does not fit the spec, it writes nothing and returns ErrInvalid with all that it found.
func (s *Store) Ensure(ctx context.Context, c *spec.Cluster) (*Bundle, []Change, error) {
	r := &run{store: s, cluster: c, now: s.options.Clock().UTC().Truncate(time.Second), issuers: map[string]*issuer{}}
	for _, step := range []func(context.Context) error{r.want, r.load, r.issue, r.save} {
		if err := step(ctx); err != nil {
			return nil, nil, err
		}
	}
	return r.bundle(), r.changes(), nil
}

// want reads from the spec what there must be.
func (r *run) want(context.Context) (err error) {
	if r.settings, err = newSettings(r.cluster.PKI); err != nil {
		return err
	}
	r.authorities = wantedAuthorities(r.cluster)
	if r.leaves, err = wantedLeaves(r.cluster); err != nil {
		return err
	}
	return markRenew(r.leaves, r.store.options.Renew)
}

// load reads what there is, checks it, and decides what becomes of it. All that is wrong is reported at once.
func (r *run) load(ctx context.Context) error {
	if err := r.loadPairs(); err != nil {
		return err
	}
	cas := map[string]*pair{}
	for _, a := range r.authorities {
		cas[a.name] = a.pair
	}
	if err := errors.Join(checkIssuers(r.store.dir, r.leaves, cas)...); err != nil {
		return err
	}
	for _, l := range r.leaves {
		l.decide()
	}
	return ctx.Err()
}

// loadPairs reads CAs and leaves; of leaves there are none in a folder that is new, unless another process was in it first.
func (r *run) loadPairs() error {
	errs := r.each(len(r.authorities), func(i int) error { return r.authorities[i].load(r.store.dir, r.now) })
	if r.isNew() {
		return errors.Join(errs...)
	}
	return errors.Join(append(errs, r.each(len(r.leaves), func(i int) (err error) {
		l := r.leaves[i]
		l.pair, err = loadPair(r.store.dir, l.name)
		return err
	})...)...)
}

// isNew tells whether there is nothing in pki/ yet, once CAs are loaded.
func (r *run) isNew() bool {
	return r.store.made && !slices.ContainsFunc(r.authorities, func(a *authority) bool { return a.action == "" })
}

// issue makes the missing CAs, then the leaves.
func (r *run) issue(ctx context.Context) error {
	errs := r.each(len(r.authorities), func(i int) (err error) {
		if a := r.authorities[i]; a.pair == nil {
			a.pair, err = r.settings.issueCA(a.commonName, r.now)
		}
		return err
	})
	if err := cmp.Or(errs...); err != nil {
		return err
	}
	for _, a := range r.authorities {
		var err error
		if r.issuers[a.name], err = r.settings.newIssuer(a.pair); err != nil {
			return err
		}
	}
	errs = r.each(len(r.leaves), func(i int) (err error) {
		l := r.leaves[i]
		if err = ctx.Err(); err == nil && l.action != "" {
			l.pair, err = r.issuers[l.ca].issue(l, r.now)
		}
		return err
	})
	// One reason is enough, as it will be the same for all, and always the same one.
	return cmp.Or(errs...)
}

// save writes what is new; from here on the run is not interrupted by the context.
func (r *run) save(context.Context) error {
	var files []file
	for _, a := range r.authorities {
		if a.action != "" {
			files = append(files, a.pair.files(a.name)...)
		}
	}
	for _, l := range r.leaves {
		if l.action != "" {
			files = append(files, l.pair.files(l.name)...)
		}
	}
	if len(files) == 0 {
		return nil
	}
	err := r.store.journal().apply(files)
	r.store.filled = err == nil
	return err
}

func (r *run) bundle() *Bundle {
	b := &Bundle{Members: map[string]Member{}, Clients: map[string]Leaf{}, Notes: r.notes()}
	b.CA = r.authorities[0].pair.authority()
	b.PeerCA = r.authorities[len(r.authorities)-1].pair.authority()
	leaves := map[string]Leaf{}
	for _, l := range r.leaves {
		leaves[l.name] = l.pair.leaf()
	}
	for _, m := range r.cluster.Members {
		b.Members[m.Name] = Member{Server: leaves[serverName(m.Name)], Peer: leaves[peerName(m.Name)]}
	}
	for _, c := range wantedClients(r.cluster) {
		b.Clients[c.Name] = leaves[clientName(c.Name)]
	}
	return b
}

func (r *run) changes() (all []Change) {
	for _, a := range r.authorities {
		if a.action != "" {
			all = append(all, Change{a.name, a.action, a.reason})
		}
	}
	for _, l := range r.leaves {
		if l.action != "" {
			all = append(all, Change{l.name, l.action, l.reason})
		}
	}
	return all
}

// notes are about what was found, and about how new leaves were issued.
func (r *run) notes() (notes []string) {
	add := func(note string) {
		if note != "" {
			notes = append(notes, note)
		}
	}
	if n := r.store.recovered; n > 0 {
		add(fmt.Sprintf("an interrupted run was completed: %d files were put into place", n))
	}
	for _, a := range r.authorities {
		add(expiryNote(a.name, a.pair.cert, r.now, "begin with a new PKI folder before then"))
	}
	issued := map[string]bool{} // by CA
	for _, l := range r.leaves {
		if l.action != "" {
			issued[l.ca] = true
			continue
		}
		add(expiryNote(l.name, l.pair.cert, r.now, "issue it anew with --renew "+l.name))
		add(r.settings.differenceNote(l, r.issuers[l.ca]))
	}
	for _, a := range r.authorities {
		if issued[a.name] {
			add(r.issuers[a.name].cappedNote(r.now))
		}
	}
	if len(issued) > 0 {
		notes = append(notes, r.settings.notes...)
	}
	if r.isNew() {
		return notes
	}
	return append(notes, strangers(r.store.dir, r.leaves)...)
}

// each calls do with 0 to n-1, side by side on all processors unless the run is to be on one, and returns their errors.
func (r *run) each(n int, do func(i int) error) []error {
	errs := make([]error, n)
	if r.store.options.Alone {
		for i := range n {
			errs[i] = do(i)
		}
		return errs
	}
	g := &errgroup.Group{}
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range n {
		g.Go(func() error {
			errs[i] = do(i)
			return nil
		})
	}
	_ = g.Wait()
	return errs
}

package pki_test

import (
	"crypto/x509"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/spec"
)

// What a change of the spec, an explicit renewal or the passing of time changes in a complete PKI, and what is told.
func TestWhatIsChangedAndWhatIsOnlyTold(t *testing.T) {
	const capped = "what was issued is valid until 2125-12-08 00:00 UTC only, when its CA (k8s-etcd etcd CA) expires"
	const cappedPeer = "what was issued is valid until 2125-12-08 00:00 UTC only, when its CA (k8s-etcd etcd peer CA) expires"
	reissued := func(name, reason string) pki.Change {
		return pki.Change{Name: name, Action: pki.Reissued, Reason: reason}
	}
	created := func(name string) pki.Change { return pki.Change{Name: name, Action: pki.Created} }
	leaves := []string{"members/master1/server", "members/master1/peer", "members/master2/server", "members/master2/peer",
		"members/master3/server", "members/master3/peer", "clients/verify"}
	each := func(make func(name string) string) (notes []string) {
		for _, l := range leaves {
			notes = append(notes, make(l))
		}
		return notes
	}
	for _, test := range []struct {
		name    string
		change  func(c *spec.Cluster)
		renew   []string
		later   time.Duration
		changes []pki.Change
		notes   []string
	}{
		{name: "nothing"},
		{
			name:   "another address of one member re-issues its two leaves",
			change: func(c *spec.Cluster) { c.Members[1].Address = "10.140.0.9" },
			changes: []pki.Change{
				reissued("members/master2/server", "addresses changed: 10.140.0.3 removed, 10.140.0.9 added"),
				reissued("members/master2/peer", "addresses changed: 10.140.0.3 removed, 10.140.0.9 added"),
			},
		},
		{
			name: "a further name and address",
			change: func(c *spec.Cluster) {
				c.Members[0].DNSNames, c.Members[0].Addresses = []string{"a.b"}, []string{"fd00::1"}
				c.Members[0].ClientAddress = "203.0.113.7"
			},
			changes: []pki.Change{
				reissued("members/master1/server", "addresses changed: 203.0.113.7 fd00::1 a.b added"),
				reissued("members/master1/peer", "addresses changed: 203.0.113.7 fd00::1 a.b added"),
			},
		},
		{
			name: "the same addresses written in another way and order",
			change: func(c *spec.Cluster) {
				c.Members[0].Address, c.Members[0].Addresses = "127.0.0.1", []string{"10.140.0.2", "0:0::1", "::ffff:10.140.0.2"}
			},
		},
		{
			name: "a new member gets its own leaves",
			change: func(c *spec.Cluster) {
				c.Members = append(c.Members, spec.Member{Name: "master4", Address: "10.140.0.5"})
			},
			changes: []pki.Change{created("members/master4/server"), created("members/master4/peer")},
		},
		{
			name:    "a new client gets its own leaf",
			change:  func(c *spec.Cluster) { c.Clients = []spec.Client{{Name: "app", CommonName: "app"}} },
			changes: []pki.Change{created("clients/app")},
		},
		{
			name:   "a removed member is kept",
			change: func(c *spec.Cluster) { c.Members = c.Members[1:] },
			notes:  []string{"members/master1 is not in the spec: DIR keeps it, and it stays valid until it expires"},
		},
		{
			name: "another subject, key and lifetime change nothing",
			change: func(c *spec.Cluster) {
				c.PKI.Subject.Organization = "Example"
				c.PKI.Key.Size = 384
			},
			notes: each(func(l string) string {
				cn := strings.Split(l, "/")[1]
				return l + " was issued by other settings (subject CN=" + cn + ", now CN=" + cn + ",O=Example; key ecdsa 256, now " +
					"ecdsa 384): --renew " + l + " applies them"
			}),
		},
		{
			name:    "renew one leaf",
			renew:   []string{"members/master3/peer"},
			changes: []pki.Change{reissued("members/master3/peer", "renewed as asked")},
		},
		{
			name:  "renew a member and a client",
			renew: []string{"members/master3", "clients/verify"},
			changes: []pki.Change{
				reissued("members/master3/server", "renewed as asked"), reissued("members/master3/peer", "renewed as asked"),
				reissued("clients/verify", "renewed as asked"),
			},
		},
		{
			name:  "renew all",
			renew: []string{"all"},
			later: 10 * year,
			changes: []pki.Change{
				reissued("members/master1/server", "renewed as asked"), reissued("members/master1/peer", "renewed as asked"),
				reissued("members/master2/server", "renewed as asked"), reissued("members/master2/peer", "renewed as asked"),
				reissued("members/master3/server", "renewed as asked"), reissued("members/master3/peer", "renewed as asked"),
				reissued("clients/verify", "renewed as asked"),
			},
			notes: []string{capped, cappedPeer},
		},
		{
			name:  "the end is near",
			later: 100*year - 30*day + time.Second,
			notes: slices.Concat([]string{
				"ca expires on 2125-12-08 00:00 UTC, in 29 days: begin with a new PKI folder before then",
				"peer-ca expires on 2125-12-08 00:00 UTC, in 29 days: begin with a new PKI folder before then"},
				each(func(l string) string {
					return l + " expires on 2125-12-08 00:00 UTC, in 29 days: issue it anew with --renew " + l
				})),
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := pkitest.Dir(t)
			before := snapshot(t, dir)
			c := pkitest.Cluster()
			if test.change != nil {
				test.change(c)
			}
			bundle, changes, err := ensure(t, dir, c, pkitest.Clock().Add(test.later), test.renew...)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.changes, changes); diff != "" {
				t.Error(diff)
			}
			var notes []string
			for _, n := range bundle.Notes {
				notes = append(notes, strings.ReplaceAll(n, dir, "DIR"))
			}
			if diff := cmp.Diff(test.notes, notes); diff != "" {
				t.Error(diff)
			}
			checkOnly(t, before, snapshot(t, dir), changes)
			if len(test.renew) > 0 {
				return // a second run would renew again
			}
			if _, again, err := ensure(t, dir, c, pkitest.Clock().Add(test.later)); err != nil || len(again) > 0 {
				t.Errorf("second run: changes %v, error %v, want none", again, err)
			}
		})
	}
}

// checkOnly wants exactly the pairs of changes to differ, both halves of each: what is re-issued gets a new key.
func checkOnly(t *testing.T, before, after map[string]string, changes []pki.Change) {
	t.Helper()
	want := map[string]bool{}
	for _, c := range changes {
		want[c.Name+".pem"], want[c.Name+"-key.pem"] = true, true
	}
	got := map[string]bool{}
	for name := range after {
		if before[name] != after[name] && !strings.HasSuffix(name, "/") {
			got[name] = true
		}
	}
	for name := range before {
		if _, ok := after[name]; !ok {
			t.Errorf("%s is gone", name)
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(got))); diff != "" {
		t.Errorf("changed files:\n%s", diff)
	}
}

// An expired leaf is told of and never replaced by itself; a renewal replaces it.
func TestAnExpiredLeafIsReplacedOnlyWhenAsked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	c := pkitest.Cluster()
	c.Members = c.Members[:1]
	c.PKI.LeafLifetime = spec.Duration(90 * day)
	if _, _, err := ensure(t, dir, c, pkitest.Clock()); err != nil {
		t.Fatal(err)
	}
	later := pkitest.Clock().Add(year)
	bundle, changes, err := ensure(t, dir, c, later)
	if err != nil || len(changes) > 0 {
		t.Fatalf("changes %v, error %v, want none", changes, err)
	}
	want := []string{
		"members/master1/server expired on 2026-04-01 00:00 UTC: issue it anew with --renew members/master1/server",
		"members/master1/peer expired on 2026-04-01 00:00 UTC: issue it anew with --renew members/master1/peer",
		"clients/verify expired on 2026-04-01 00:00 UTC: issue it anew with --renew clients/verify",
	}
	if diff := cmp.Diff(want, bundle.Notes); diff != "" {
		t.Error(diff)
	}
	bundle, _, err = ensure(t, dir, c, later, "all")
	if err != nil || len(bundle.Notes) > 0 {
		t.Fatalf("notes %q, error %v, want none", bundle.Notes, err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parse(t, bundle.CA.CertPEM))
	cert := parse(t, bundle.Members["master1"].Server.CertPEM)
	if _, err := cert.Verify(x509.VerifyOptions{Roots: roots, CurrentTime: later}); err != nil {
		t.Error(err)
	}
}

// A leaf that a swapped CA did not sign can be re-issued by it, on request.
func TestARenewalMovesLeavesToAnotherCA(t *testing.T) {
	dir, other := pkitest.Dir(t), filepath.Join(t.TempDir(), "other")
	if _, _, err := ensure(t, other, pkitest.Cluster(), pkitest.Clock()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ca.pem", "ca-key.pem"} {
		if err := os.Rename(filepath.Join(other, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	bundle, changes, err := ensure(t, dir, pkitest.Cluster(), pkitest.Clock(), "members/master1/server", "members/master2/server",
		"members/master3/server", "clients/verify")
	if err != nil || len(changes) != 4 {
		t.Fatalf("changes %v, error %v, want 4 changes", changes, err)
	}
	if err := parse(t, bundle.Clients["verify"].CertPEM).CheckSignatureFrom(parse(t, bundle.CA.CertPEM)); err != nil {
		t.Error(err)
	}
}

// Package plantest makes plans for the tests of what encodes them.
package plantest

import (
	"path/filepath"
	"runtime"
	"testing"

	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
)

// ExampleHosts are the plans of examples/cluster.yaml, wherever the test runs, with the test-only certificates. The choices are
// those of spec.Load.
func ExampleHosts(t testing.TB, choices ...func(*spec.Target)) []plan.Host {
	t.Helper()
	_, here, _, _ := runtime.Caller(0)
	cluster, _, err := spec.Load(filepath.Join(filepath.Dir(here), "..", "..", "..", "examples", "cluster.yaml"), choices...)
	if err != nil {
		t.Fatal(err)
	}
	hosts, err := plan.Hosts(cluster, pkitest.Bundle(t))
	if err != nil {
		t.Fatal(err)
	}
	return hosts
}

package rules_test

import (
	"sync"
	"testing"

	"golang.org/x/tools/go/packages"
)

// ours returns the module's packages without their tests, with their whole import graph.
func ours(t *testing.T) []*packages.Package {
	t.Helper()
	pkgs, err := loadOurs()
	if err != nil {
		t.Fatalf("loading the module's packages: %v", err)
	}
	return pkgs
}

var loadOurs = sync.OnceValues(func() ([]*packages.Package, error) {
	return packages.Load(&packages.Config{
		Dir:  root,
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedImports | packages.NeedDeps,
	}, "./...")
})

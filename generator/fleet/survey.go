package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/etcdbake/etcdbake/generator"
)

// survey reads every spec, and refuses a fleet in which two clusters would have one folder. Who cannot be read has failed already,
// and its input is nil. What is read stays in memory, some KiB a cluster, until its turn has come.
func survey(o Options) ([]Result, []*generator.Input, error) {
	results := make([]Result, len(o.Specs))
	inputs := make([]*generator.Input, len(o.Specs))
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i, path := range o.Specs {
		g.Go(func() error {
			results[i], inputs[i] = read(o.Options, path)
			return nil
		})
	}
	_ = g.Wait()
	if err := errors.Join(distinct(results), notOneCluster(o)); err != nil {
		return results, nil, &generator.InputError{Err: err}
	}
	return results, inputs, nil
}

func read(o generator.Options, path string) (Result, *generator.Input) {
	o.Spec = path
	input, err := generator.Load(o)
	if err != nil {
		return Result{Spec: path, State: Failed, Err: err}, nil
	}
	return Result{Spec: path, Cluster: input.Cluster.Name, Members: len(input.Cluster.Members)}, input
}

// distinct refuses clusters of one name: they would have one folder, and one token. Names that differ in case alone would be one
// folder on some systems.
func distinct(results []Result) error {
	var errs []error
	first := map[string]Result{}
	for _, r := range results {
		if r.Cluster == "" {
			continue
		}
		key := strings.ToLower(r.Cluster)
		if other, ok := first[key]; ok {
			errs = append(errs, fmt.Errorf("%s and %s have one name: %s and %s: give each cluster its own", other.Spec, r.Spec,
				other.Cluster, r.Cluster))
			continue
		}
		first[key] = r
	}
	return errors.Join(errs...)
}

// notOneCluster refuses a PKI folder that is one cluster's: that cluster would get new CAs in a folder below it.
func notOneCluster(o Options) error {
	pki := o.PKI
	_, err := os.Lstat(filepath.Join(pki, "ca.pem"))
	if errors.Is(err, fs.ErrNotExist) || o.Format == generator.Packer {
		return nil
	}
	if err != nil {
		return err
	}
	return fmt.Errorf("%s holds the CA of one cluster, and each cluster of a fleet has a folder of its own in it: "+
		"move what is in %s to %s, or choose another folder", pki, pki, filepath.Join(pki, "NAME-OF-THAT-CLUSTER"))
}

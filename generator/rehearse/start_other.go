//go:build !linux

package rehearse

import (
	"context"
	"runtime"
)

// Child does nothing where there are no namespaces: see the Linux version.
func Child() {}

// Start always returns an error that wraps ErrUnsupported.
func Start(context.Context, *Artefacts, Options) (*Cluster, error) {
	return nil, unsupported("this is "+runtime.GOOS+", and a rehearsal needs Linux namespaces",
		"Run it on Linux, in a virtual machine for example; the artefacts are the same.")
}

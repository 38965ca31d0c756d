// Command etcd-verify says whether a running etcd cluster is the one that it should be.
package main

import (
	"os"
	"runtime/debug"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	verifycmd "github.com/etcdbake/etcdbake/cmd/internal/cli/verify"
)

func main() {
	// One look allocates some 20 MB and ends: collecting garbage would take a third of its CPU time. --watch needs the limit.
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(256 << 20)
	s := cli.System()
	os.Exit(cli.Run(verifycmd.New(s), os.Args[1:], s))
}

// Command etcd-verify says whether a running etcd cluster is the one that it should be.
package main

import (
	"os"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	verifycmd "github.com/etcdbake/etcdbake/cmd/internal/cli/verify"
)

func main() {
	s := cli.System()
	os.Exit(cli.Run(verifycmd.New(s), os.Args[1:], s))
}

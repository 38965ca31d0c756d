// The etcdbake command bakes hosts that boot as a TLS-secured etcd cluster.
package main

import (
	"os"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/cmd/internal/cli/bake"
)

func main() {
	os.Exit(cli.Run(bake.Command(), os.Args[1:], cli.System()))
}

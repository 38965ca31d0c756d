// The packer-plugin-etcd command is a plugin for HashiCorp Packer, which starts it: it bakes etcd into golden images.
package main

import (
	"os"

	"github.com/etcdbake/etcdbake/packer"
)

// version is X.Y.Z or X.Y.Z-dev, as Packer demands, and agrees with the name of a release's file; the Makefile sets it
// through the linker.
var version = "0.0.0-dev"

func main() {
	os.Exit(packer.Main(os.Args[1:], version, os.Stdout, os.Stderr))
}

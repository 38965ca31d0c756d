// The etcdbake-rehearse command is `etcdbake rehearse`: a program of its own, because it has a whole etcd in it.
package main

import (
	"os"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	rehearsecmd "github.com/etcdbake/etcdbake/cmd/internal/cli/rehearse"
	"github.com/etcdbake/etcdbake/cmd/internal/cli/rehearse/run"
	"github.com/etcdbake/etcdbake/generator/rehearse"
)

func main() {
	rehearse.Child()
	command := rehearsecmd.Command("etcdbake-rehearse", run.Run)
	command.Version = cli.Version
	os.Exit(cli.Run(command, os.Args[1:], cli.System()))
}

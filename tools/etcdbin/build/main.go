// Command build builds the named etcd versions, or all pinned ones, and prints the folder of each.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/etcdbake/etcdbake/tools/etcdbin"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	versions := os.Args[1:]
	if len(versions) == 0 {
		versions = etcdbin.Versions()
	}
	for _, version := range versions {
		binaries, err := etcdbin.Build(ctx, version)
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(filepath.Dir(binaries.Etcd))
	}
}

package rehearse

import (
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

// The names by which the executable calls itself again. They are no file names, so nobody else does.
const (
	stageName  = "etcdbake-rehearse: stage"
	memberName = "etcdbake-rehearse: member"
)

// Child must be the first call of main, and of TestMain of tests: where the process is one that Start has made it does that
// process's work and never returns. As "etcd" it is the embedded etcd itself.
func Child() {
	switch {
	case os.Args[0] == stageName:
		os.Exit(stageMain())
	case os.Args[0] == memberName:
		os.Exit(memberMain())
	case filepath.Base(os.Args[0]) == "etcd":
		etcdmain.Main(os.Args)
		os.Exit(0)
	}
}

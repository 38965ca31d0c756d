package rehearse_test

import (
	"os"
	"testing"

	"github.com/etcdbake/etcdbake/generator/rehearse"
)

// The test's own executable is the stage, the members and etcd.
func TestMain(m *testing.M) {
	rehearse.Child()
	os.Exit(m.Run())
}

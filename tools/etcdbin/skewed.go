package etcdbin

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/etcdbake/etcdbake/tools/internal/modbin"
)

// SkewVariable is how many seconds the clock of a skewed etcd is ahead; behind, where it is negative.
const SkewVariable = "ETCDBIN_SKEW"

// now is the line of time.Now that reads the clock, and skewed is what takes its place.
const (
	now    = "\tsec, nsec, mono := runtimeNow()\n\tif mono == 0 {"
	skewed = "\tsec, nsec, mono := runtimeNow()\n\tsec += skew\n\tif mono == 0 {"
	skew   = `package time

import "syscall"

var skew = readSkew()

func readSkew() int64 {
	text, _ := syscall.Getenv("` + SkewVariable + `")
	n, _ := atoi(text)
	return int64(n)
}
`
)

// buildSkewed builds an etcd that lives in another time: Linux has one wall clock for all processes, so it is Go's that differs.
// Everything is compiled anew for it, since everything imports package time.
func buildSkewed(ctx context.Context, version string) (string, error) {
	folder, ok := modules()[version]
	if !ok {
		return "", unknown(version)
	}
	root, err := Root()
	if err != nil {
		return "", err
	}
	goroot, err := modbin.GoRoot(ctx, filepath.Join(root, folder))
	if err != nil {
		return "", err
	}
	file := filepath.Join(goroot, "src", "time", "time.go")
	source, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if bytes.Count(source, []byte(now)) != 1 {
		return "", fmt.Errorf("%s: time.Now is not the one that is known here: see tools/etcdbin/skewed.go", file)
	}
	out := filepath.Join(root, ".cache", "etcd", version+"-skewed")
	err = modbin.EnsureOverlaid(ctx, filepath.Join(root, folder), out,
		[]modbin.Program{{Package: "go.etcd.io/etcd/server/v3", Name: "etcd"}},
		modbin.Overlay{
			file: []byte(strings.Replace(string(source), now, skewed, 1)),
			filepath.Join(filepath.Dir(file), "skew.go"): []byte(skew),
		})
	return filepath.Join(out, "etcd"), err
}

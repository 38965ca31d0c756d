package verify_test

import (
	"context"
	"fmt"

	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/report"
)

// A program that verifies a cluster, here one that does not run. With expect.Load(file) in Options.Expect it is compared with
// what etcdbake generated; Credentials hold the client certificate.
func Example() {
	r, err := verify.Run(context.Background(), verify.Options{
		Endpoints: []string{"https://127.0.0.1:1"},
		ReadOnly:  true,
	})
	if err != nil {
		fmt.Println(err) // the options, or an interrupt; never the cluster
		return
	}
	fmt.Println(r.Verdict, r.ExitCode())
	for _, x := range r.Results {
		if x.Verdict == report.Fail {
			fmt.Printf("%s: %s\n", x.Check, x.Seen)
		}
	}
	// Output:
	// fail 1
	// reach: TCP: connection refused: nothing listens on 127.0.0.1:1
	// consensus: no quorum: 0 of 1 members answer
}

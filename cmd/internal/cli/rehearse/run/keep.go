package run

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/etcdbake/etcdbake/generator/rehearse"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// keep prints how to use the cluster and waits for the end of ctx.
func keep(ctx context.Context, cluster *rehearse.Cluster, expectation *expect.Cluster, pki string, w io.Writer) error {
	line, err := etcdctlLine(cluster.PID, expectation, pki)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "\nThe cluster is up until Ctrl-C. From another terminal, as the same user:\n\n  %s member list -w table\n\n", line)
	select {
	case <-ctx.Done():
		return nil
	case <-cluster.Done():
		return errors.New("the rehearsal's own process has ended, and the cluster with it")
	}
}

// etcdctlLine is a shell command, short of its last words, that runs etcdctl inside of the rehearsal: in its user namespace
// (which gives the right to enter the others), its network, and its mount namespace, whose /etc/hosts has the members' names.
func etcdctlLine(pid int, expectation *expect.Cluster, pki string) (string, error) {
	pki, err := filepath.Abs(pki) // nsenter changes the working folder
	if err != nil {
		return "", err
	}
	var endpoints []string
	for _, m := range expectation.Members {
		endpoints = append(endpoints, m.ClientURLs[0])
	}
	file := func(name string) string { return shellescape.Quote(filepath.Join(pki, name)) }
	return fmt.Sprintf("nsenter -t %d -U -m -n --preserve-credentials etcdctl --endpoints %s --cacert %s --cert %s --key %s",
		pid, shellescape.Quote(strings.Join(endpoints, ",")),
		file(rehearse.CA), file(rehearse.VerifyCert), file(rehearse.VerifyKey)), nil
}

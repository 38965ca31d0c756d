package rehearse_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/rehearse"
)

// TestAMemberWhoseCertificateNamesAnotherAddressIsNamed shows what members hold a peer to (etcd's client/pkg/transport,
// checkCertSAN): the address that it dials from is in its certificate, or one of the names in it leads there, as in the clusters
// above that have names alone.
func TestAMemberWhoseCertificateNamesAnotherAddressIsNamed(t *testing.T) {
	t.Parallel()
	cluster := start(t, moved(t, "name: test\nmembers:\n  - {name: master1, address: 10.140.0.2}\n"+
		"  - {name: master2, address: 10.140.0.33}\n  - {name: master3, address: 10.140.0.4}\n"), rehearse.Options{})
	expectFailed(t, cluster.Outcome, "master2", "its etcd runs but has not become ready: it has found no quorum of the others")
	if log := strings.Join(cluster.Failures[0].Log, "\n"); !strings.Contains(log, "bad certificate") {
		t.Errorf("its log does not say what is wrong:\n%s", log)
	}
}

// moved makes artefacts of a spec whose second member is at 10.140.0.3 in the end, with certificates for 10.140.0.33.
func moved(t *testing.T, spec string) *rehearse.Artefacts {
	t.Helper()
	dir := t.TempDir()
	path, out, pki := filepath.Join(dir, "cluster.yaml"), filepath.Join(dir, "out"), filepath.Join(dir, "pki")
	if err := os.WriteFile(path, []byte(spec), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := generator.Generate(t.Context(), generator.Options{Spec: path, PKI: pki, Out: out, Clock: time.Now}); err != nil {
		t.Fatal(err)
	}
	a, err := rehearse.Load(out, pki)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range a.UserData {
		a.UserData[name] = bytes.ReplaceAll(content, []byte("10.140.0.33"), []byte("10.140.0.3"))
	}
	for i := range a.Expect.Members {
		m := &a.Expect.Members[i]
		m.PeerURLs[0] = strings.ReplaceAll(m.PeerURLs[0], "10.140.0.33", "10.140.0.3")
		m.ClientURLs[0] = strings.ReplaceAll(m.ClientURLs[0], "10.140.0.33", "10.140.0.3")
	}
	initial := a.Expect.Settings["ETCD_INITIAL_CLUSTER"]
	a.Expect.Settings["ETCD_INITIAL_CLUSTER"] = strings.ReplaceAll(initial, "10.140.0.33", "10.140.0.3")
	return a
}

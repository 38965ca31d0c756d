package pki_test

import (
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
	"github.com/etcdbake/etcdbake/generator/spec"
)

// The committed CAs' fingerprints, as errors show them.
const (
	caID     = "k8s-etcd etcd CA, SHA-256 CA-ID…"
	peerCAID = "k8s-etcd etcd peer CA, SHA-256 PEER-CA-ID…"
)

// What is damaged in pki/ or wrong in the spec is refused in words, all of it at once, and nothing is written.
func TestBadInputIsRefusedAndNothingIsWritten(t *testing.T) {
	remove := func(names ...string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			for _, name := range names {
				if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	write := func(name, content string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) { writeFile(t, filepath.Join(dir, name), content) }
	}
	copyFile := func(from, to string) func(t *testing.T, dir string) {
		return func(t *testing.T, dir string) {
			writeFile(t, filepath.Join(dir, to), read(t, filepath.Join(dir, from)))
		}
	}
	for _, test := range []struct {
		name   string
		damage func(t *testing.T, dir string)
		spec   func(c *spec.Cluster)
		renew  []string
		later  time.Duration
		want   string
	}{
		{
			name: "CA key missing", damage: remove("ca-key.pem"),
			want: "DIR/ca-key.pem is missing, but DIR/ca.pem is there: restore it from a backup, or move the other away too",
		},
		{
			name: "leaf missing beside its key", damage: remove("members/master1/peer.pem"),
			want: "DIR/members/master1/peer.pem is missing, but DIR/members/master1/peer-key.pem is there: restore it from a backup, " +
				"or move the other away too",
		},
		{
			name: "two at once", damage: remove("peer-ca.pem", "clients/verify-key.pem"),
			want: "DIR/peer-ca.pem is missing, but DIR/peer-ca-key.pem is there: restore it from a backup, or move the other away too\n" +
				"DIR/clients/verify-key.pem is missing, but DIR/clients/verify.pem is there: restore it from a backup, or move the " +
				"other away too",
		},
		{
			name: "CA missing whole", damage: remove("peer-ca.pem", "peer-ca-key.pem"),
			want: "DIR/peer-ca.pem and its key are missing, but not what they signed (members/master1/peer, members/master2/peer, " +
				"members/master3/peer): restore them from a backup, or move all of DIR away to begin a new cluster",
		},
		{
			name: "CA missing whole, renewing all", damage: remove("ca.pem", "ca-key.pem"), renew: []string{"all"},
			want: "DIR/ca.pem and its key are missing, but not what they signed (members/master1/server, members/master2/server, " +
				"members/master3/server, clients/verify): restore them from a backup, or move all of DIR away to begin a new cluster",
		},
		{
			name: "another member's key", damage: copyFile("members/master2/peer-key.pem", "members/master1/peer-key.pem"),
			want: "DIR/members/master1/peer-key.pem is not the key of DIR/members/master1/peer.pem (master1, SHA-256 LEAF-ID…): restore " +
				"the pair from one backup, or move both away",
		},
		{
			name: "zero-byte certificate", damage: write("clients/verify.pem", ""),
			want: "DIR/clients/verify.pem is empty: restore it from a backup, or move it and the other half of its pair away",
		},
		{
			name: "zero-byte key", damage: write("ca-key.pem", ""),
			want: "DIR/ca-key.pem is empty: restore it from a backup, or move it and the other half of its pair away",
		},
		{
			name: "garbage certificate", damage: write("ca.pem", "garbage"),
			want: "DIR/ca.pem does not begin with a PEM certificate (-----BEGIN CERTIFICATE-----): restore it from a backup",
		},
		{
			name: "damaged certificate", damage: write("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"),
			want: "DIR/ca.pem holds a damaged certificate: x509: malformed certificate: restore it from a backup",
		},
		{
			name: "garbage key", damage: write("ca-key.pem", "secret garbage"),
			want: "DIR/ca-key.pem holds no PEM private key: restore it from a backup",
		},
		{
			name: "damaged key", damage: write("ca-key.pem", "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n"),
			want: "DIR/ca-key.pem holds a damaged private key, or one of another kind than RSA, ECDSA and Ed25519: restore it from a backup",
		},
		{
			name: "a folder for a file", damage: func(t *testing.T, dir string) {
				remove("ca.pem")(t, dir)
				if err := os.Mkdir(filepath.Join(dir, "ca.pem"), 0o700); err != nil {
					t.Fatal(err)
				}
			},
			want: "DIR/ca.pem is not a regular file: move it away",
		},
		{
			name: "a pipe for a file", damage: func(t *testing.T, dir string) {
				remove("ca.pem")(t, dir)
				if err := syscall.Mkfifo(filepath.Join(dir, "ca.pem"), 0o600); err != nil {
					t.Fatal(err)
				}
			},
			want: "DIR/ca.pem is not a regular file: move it away",
		},
		{
			name: "key that others can read", damage: chmod("members/master3/server-key.pem", 0o640),
			want: "DIR/members/master3/server-key.pem is open to other users (mode 0640): if nobody can have read it, run: chmod -R go= DIR",
		},
		{
			name: "folder that others can enter", damage: chmod(".", 0o755),
			want: "DIR is open to other users (mode 0755): if nobody can have read it, run: chmod -R go= DIR",
		},
		{
			name: "expired CA", later: 100*year + time.Second,
			want: "DIR/ca.pem (" + caID + ") expired on 2125-12-08 00:00 UTC: nothing that it signed is accepted any more; begin with a " +
				"new PKI folder\nDIR/peer-ca.pem (" + peerCAID + ") expired on 2125-12-08 00:00 UTC: nothing that it signed is accepted " +
				"any more; begin with a new PKI folder",
		},
		{
			name: "CA of the future", later: -day,
			want: "DIR/ca.pem (" + caID + ") is not valid before 2025-12-31 23:00 UTC, and it is 2025-12-31 00:00 UTC now: set this " +
				"machine's clock\nDIR/peer-ca.pem (" + peerCAID + ") is not valid before 2025-12-31 23:00 UTC, and it is 2025-12-31 00:00 " +
				"UTC now: set this machine's clock",
		},
		{
			name: "the CAs changed places", damage: func(t *testing.T, dir string) {
				for _, half := range []string{".pem", "-key.pem"} {
					a, b := filepath.Join(dir, "ca"+half), filepath.Join(dir, "peer-ca"+half)
					contentA, contentB := read(t, a), read(t, b)
					writeFile(t, a, contentB)
					writeFile(t, b, contentA)
				}
			},
			want: "DIR/ca.pem (" + peerCAID + ") did not sign members/master1/server, members/master2/server, members/master3/server, " +
				"clients/verify: the CA was replaced, or pki.single_ca changed; restore the former CA from a backup, or re-issue " +
				"these leaves with --renew all and replace them on every host\n" +
				"DIR/peer-ca.pem (" + caID + ") did not sign members/master1/peer, members/master2/peer, members/master3/peer: the CA " +
				"was replaced, or pki.single_ca changed; restore the former CA from a backup, or re-issue these leaves with --renew " +
				"all and replace them on every host",
		},
		{
			name: "a leaf for a CA", damage: func(t *testing.T, dir string) {
				copyFile("clients/verify.pem", "ca.pem")(t, dir)
				copyFile("clients/verify-key.pem", "ca-key.pem")(t, dir)
			},
			want: "DIR/ca.pem (verify, SHA-256 LEAF-ID…) is not a CA: its basic constraints do not say CA:TRUE",
		},
		{
			name: "member name that is a path", spec: func(c *spec.Cluster) { c.Members[0].Name = "../../x" },
			want: `member name "../../x" cannot be a file name in the PKI folder: use letters, digits and dashes`,
		},
		{
			name: "client name that is another's key", spec: func(c *spec.Cluster) { c.Clients = []spec.Client{{Name: "verify-key"}} },
			want: `client name "verify-key" ends in -key, which is how files with private keys end: use another name`,
		},
		{
			name: "renewing what is not there", renew: []string{"members/master9"}, spec: func(c *spec.Cluster) { c.Members = c.Members[:1] },
			want: `cannot renew "members/master9": not in the spec; say all, or one of: members/master1, members/master1/server, ` +
				"members/master1/peer, clients/verify",
		},
		{
			name: "renewing a CA", renew: []string{"peer-ca"},
			want: `cannot renew "peer-ca": a CA is never re-issued, since all that it signed would have to be replaced too`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := pkitest.Dir(t)
			ids := strings.NewReplacer(dir, "DIR", fingerprint(t, dir, "ca"), "CA-ID", fingerprint(t, dir, "peer-ca"), "PEER-CA-ID",
				fingerprint(t, dir, "clients/verify"), "LEAF-ID", fingerprint(t, dir, "members/master1/peer"), "LEAF-ID")
			if test.damage != nil {
				test.damage(t, dir)
			}
			before := snapshotRegular(t, dir)
			c := pkitest.Cluster()
			if test.spec != nil {
				test.spec(c)
			}
			_, _, err := ensure(t, dir, c, pkitest.Clock().Add(test.later), test.renew...)
			checkError(t, replaced(err, ids), pki.ErrInvalid, test.want)
			if diff := cmp.Diff(before, snapshotRegular(t, dir)); diff != "" {
				t.Errorf("something was written:\n%s", diff)
			}
		})
	}
}

func TestAFileInPlaceOfTheFolderIsRefused(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "pki")
	writeFile(t, dir, "")
	_, err := pki.Open(dir, pki.Options{})
	checkError(t, err, pki.ErrInvalid, dir+" is a file, not a folder: move it away, or choose another PKI folder")
}

// replacedError is an error with another text, of the same kind.
type replacedError struct {
	error
	text string
}

func (e replacedError) Error() string { return e.text }
func (e replacedError) Unwrap() error { return e.error }

func replaced(err error, r *strings.Replacer) error {
	if err == nil {
		return nil
	}
	return replacedError{err, r.Replace(err.Error())}
}

// snapshotRegular is snapshot without pipes, whose content cannot be read.
func snapshotRegular(t *testing.T, dir string) map[string]string {
	if info, err := os.Lstat(filepath.Join(dir, "ca.pem")); err == nil && info.Mode().Type() == os.ModeNamedPipe {
		return nil
	}
	return snapshot(t, dir)
}

// fingerprint is how errors show a certificate of dir.
func fingerprint(t *testing.T, dir, name string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(read(t, filepath.Join(dir, name+".pem"))))
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return hexSHA256(cert.Raw)[:16]
}

func chmod(name string, mode os.FileMode) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
}

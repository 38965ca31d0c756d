package inspect_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	encodingpem "encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/inspect"
	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
)

func read(t *testing.T, data string) *inspect.Report {
	t.Helper()
	r, err := inspect.Read([]byte(data), pkitest.Clock())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// files returns a cloud-config that writes contents to paths, which come in turn.
func files(pairs ...string) string {
	var out strings.Builder
	out.WriteString("#cloud-config\nwrite_files:\n")
	for i := 0; i < len(pairs); i += 2 {
		out.WriteString("- {path: " + pairs[i] + ", encoding: b64, content: " + base64.StdEncoding.EncodeToString([]byte(pairs[i+1])) + "}\n")
	}
	return out.String()
}

// pem returns a file of the test-only PKI.
func pem(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(pkitest.Dir(t), name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestKeysAreFoundWhereverTheyHide(t *testing.T) {
	key := pem(t, "ca-key.pem")
	lines := strings.Split(strings.TrimSpace(key), "\n")
	der, err := base64.StdEncoding.DecodeString(strings.Join(lines[1:len(lines)-1], ""))
	if err != nil {
		t.Fatal(err)
	}
	inBase64 := base64.StdEncoding.EncodeToString([]byte(key))
	for name, c := range map[string]struct {
		content string
		want    inspect.Kind
	}{
		"PEM":                      {key, inspect.PrivateKey},
		"PEM after something else": {"# a comment\n" + key, inspect.PrivateKey},
		"DER":                      {string(der), inspect.PrivateKey},
		"PEM in base64":            {"data:\n  tls.key: " + inBase64 + "\n", inspect.Secret},
		"PEM in base64 on lines":   {inBase64[:40] + "\n" + inBase64[40:80] + "\n" + inBase64[80:], inspect.Secret},
		"PEM in base64 in base64":  {base64.StdEncoding.EncodeToString([]byte(inBase64)), inspect.Secret},
		"the lines of PEM alone":   {"key = " + base64.StdEncoding.EncodeToString(der), inspect.Secret},
		"its lines after a word":   {"somewhatLongerThanTheOthersAreWhichIsNoMultipleOfFourAndMuchLongerThanThem\n" + strings.Join(lines[1:len(lines)-1], "\n"), inspect.Secret},
		"its lines before one":     {strings.Join(lines[1:len(lines)-1], "\r\n  ") + "\nand whatever comes behind it\n", inspect.Secret},
		"a JSON web key":           {`{"kty": "EC", "crv": "P-256", "x": "f83O", "y": "x_FE", "d": "jpsQ"}`, inspect.Secret},
		"base64 for URLs":          {"k: " + base64.URLEncoding.EncodeToString([]byte(key)), inspect.Secret},
		"an encrypted one":         {"-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", inspect.Secret},
		"an OpenSSH one":           {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaA==\n-----END OPENSSH PRIVATE KEY-----\n", inspect.Secret},
		"an age one":               {"AGE-SECRET-KEY-1QQQQ\n", inspect.Secret},
		"a certificate":            {pem(t, "ca.pem"), inspect.Certificates},
		"text":                     {"hello\n", inspect.Text},
		"bytes":                    {"\x7fELF\x00\xff", inspect.Binary},
		"a text with long words":   {strings.Repeat("abcdefgh", 20), inspect.Text},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, files("/x", c.content))
			f := r.Files[0]
			if f.Kind != c.want {
				t.Fatalf("it is %q, want %q", f.Kind, c.want)
			}
			shown, err := r.Show("/x")
			if secret := c.want == inspect.PrivateKey || c.want == inspect.Secret; secret != (f.SHA256 == "") || secret && err == nil {
				t.Errorf("it shows %q, %v, SHA-256 %q", shown, err, f.SHA256)
			}
		})
	}
}

func TestSecretsInALineAreTakenOut(t *testing.T) {
	for text, want := range map[string]string{
		"ETCD_INITIAL_CLUSTER_TOKEN=\"k8s-etcd\"":           "ETCD_INITIAL_CLUSTER_TOKEN=\"k8s-etcd\"",
		"DB_PASSWORD=hunter2":                               "DB_PASSWORD=(redacted)",
		"export API_KEY='hunter2 hunter3'":                  "export API_KEY=(redacted)",
		"\"client_secret\": \"hunter2\",":                   "\"client_secret\": (redacted)",
		"proxy=http://me:hunter2@proxy.example.com:3128":    "proxy=http://(redacted)@proxy.example.com:3128",
		"curl -H 'Authorization: Bearer hunter2hunter2' x":  "curl -H 'Authorization: (redacted)' x",
		"curl -H \"authorization: Basic aHVudGVyMg==\"":     "curl -H \"authorization: (redacted)\"",
		"a\x1b[2Jb\u202ec":                                  "a\ufffd[2Jb\ufffdc",
		"KEY_FILE=/etc/etcd/ssl/etcd-key.pem\tnothing else": "KEY_FILE=/etc/etcd/ssl/etcd-key.pem\tnothing else",
	} {
		shown, err := read(t, files("/x", text)).Show("/x")
		if err != nil || shown != want {
			t.Errorf("%q\ngot  %q, %v\nwant %q", text, shown, err, want)
		}
	}
	r := read(t, "#cloud-config\nruncmd:\n- [mysql, --password, hunter2]\n- curl -u x https://me:hunter2@example.com\n")
	if said := r.Commands[0].Command[2] + r.Commands[1].Command[2]; strings.Contains(said, "hunter") {
		t.Errorf("a command is shown as %s", said)
	}
}

func TestShowSaysWhyItShowsNothing(t *testing.T) {
	r := read(t, files("/key", pem(t, "ca-key.pem"), "/bytes", "\x00\x01", "/hidden", "AGE-SECRET-KEY-1"))
	for path, want := range map[string]string{
		"/key":    "/key holds a private key: it is never shown",
		"/hidden": "/hidden holds a secret: it is never shown",
		"/bytes":  "/bytes is binary, 2 bytes: it is not shown",
		"/none":   "/none is not among the files",
	} {
		if _, err := r.Show(path); err == nil || err.Error() != want {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
}

func TestCertificatesAreHeldAgainstKeysAndIssuers(t *testing.T) {
	server, key, ca := pem(t, "members/master1/server.pem"), pem(t, "members/master1/server-key.pem"), pem(t, "ca.pem")
	otherKey, otherCA := pem(t, "members/master2/server-key.pem"), pem(t, "peer-ca.pem")
	for name, c := range map[string]struct {
		data     string
		issuer   string
		key      string
		problems []string
	}{
		"all is well":   {files("/s.pem", server, "/s-key.pem", key, "/ca.pem", ca), "/ca.pem", "/s-key.pem", []string{}},
		"in one file":   {files("/s.pem", server+ca, "/k", key), "/s.pem", "/k", []string{}},
		"another key":   {files("/s.pem", server, "/s-key.pem", otherKey, "/ca.pem", ca), "/ca.pem", "", []string{"/s-key.pem is not the key of /s.pem"}},
		"no key":        {files("/s.pem", server, "/ca.pem", ca), "/ca.pem", "", []string{}},
		"another CA":    {files("/s.pem", server, "/ca.pem", otherCA), "", "", []string{"/s.pem: the certificate of its issuer, \"CN=k8s-etcd etcd CA\", is in no file"}},
		"damaged":       {files("/s.pem", server, "/ca.pem", ca, "/bad.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"), "/ca.pem", "", []string{"/bad.pem: certificate 1 cannot be read: x509: malformed certificate"}},
		"a header only": {files("/s.pem", server, "/ca.pem", ca, "/bad.pem", "-----BEGIN CERTIFICATE-----\n"), "/ca.pem", "", []string{"/bad.pem: it has the header of a certificate, but none that can be read"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := read(t, c.data)
			got := r.Certificates[0]
			if got.IssuedBy != c.issuer || got.Key != c.key {
				t.Errorf("issued by %q, key %q", got.IssuedBy, got.Key)
			}
			if diff := cmp.Diff(c.problems, r.Problems); diff != "" {
				t.Errorf("problems (-want +got)\n%s", diff)
			}
		})
	}
	namesake := read(t, files("/s.pem", server, "/ca.pem", namesakeOf(t, ca)))
	if got := namesake.Certificates[0]; got.IssuedBy != "" || !strings.Contains(namesake.Problems[0], "but that did not sign it") {
		t.Errorf("with another CA of the same name: %+v, %q", got, namesake.Problems)
	}
	r, err := inspect.Read([]byte(files("/s.pem", server, "/ca.pem", ca)), time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC))
	if err != nil || !r.Certificates[0].Expired || len(r.Problems) != 2 {
		t.Errorf("in 2300: %+v, %v", r, err)
	}
}

func TestWhatIsWrittenLastStays(t *testing.T) {
	r := read(t, `#cloud-config
write_files:
- {path: /x, content: a}
- {path: /x, content: b, permissions: "0600", owner: etcd}
- {path: /y, content: d, append: true, defer: true}
- {path: /y, content: c}
`)
	if got := r.Files[0]; got.Size != 1 || got.Mode != "0600" || got.Owner != "etcd:etcd" {
		t.Errorf("/x is %+v", got)
	}
	if shown, _ := r.Show("/x"); shown != "b" {
		t.Errorf("/x holds %q", shown)
	}
	if shown, _ := r.Show("/y"); shown != "cd" {
		t.Errorf("/y holds %q", shown)
	}
	if diff := cmp.Diff([]string{"/x is written more than once: the last one stays"}, r.Problems); diff != "" {
		t.Error(diff)
	}
}

func TestEveryCloudsLimitIsHeldAgainstTheLightestForm(t *testing.T) {
	big := files("/x", strings.Repeat("the same again ", 3000))
	r := read(t, big)
	for _, f := range r.Fits {
		switch f.Cloud {
		case "aws":
			if !f.Fits || f.Plain != len(big) || f.Encoding != "gzip" || f.Limit != 16384 {
				t.Errorf("%+v", f)
			}
		case "hetzner":
			if !f.Fits || f.Encoding != "gzip+base64" {
				t.Errorf("%+v", f)
			}
		}
	}
	if len(r.Fits) < 5 {
		t.Errorf("clouds: %+v", r.Fits)
	}
}

func FuzzNoKeyIsEverShown(f *testing.F) {
	key := "MHcCAQEEIOC7GKIcFBUn3LMEGsgUn1mkO7DOoXX5ZrWxnRUJxZ0XoAoGCCqGSM49"
	f.Add("text\n-----BEGIN EC PRIVATE KEY-----\n", "\n-----END EC PRIVATE KEY-----\n")
	f.Add("PASSWORD=", "")
	f.Add("", "\x00")
	f.Fuzz(func(t *testing.T, before, after string) {
		content := before + key + after
		r, err := inspect.Read([]byte(files("/x", content)), pkitest.Clock())
		if err != nil {
			t.Fatal(err)
		}
		shown, err := r.Show("/x")
		if strings.Contains(strings.ToUpper(content), "PRIVATE KEY") && (err == nil || strings.Contains(shown, key)) {
			t.Errorf("%q is shown as %q", content, shown)
		}
	})
}

// namesakeOf returns another CA that has the same name.
func namesakeOf(t *testing.T, ca string) string {
	t.Helper()
	block, _ := encodingpem.Decode([]byte(ca))
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: parsed.SerialNumber, RawSubject: parsed.RawSubject, NotBefore: parsed.NotBefore, NotAfter: parsed.NotAfter,
		IsCA: true, BasicConstraintsValid: true, KeyUsage: parsed.KeyUsage,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(encodingpem.EncodeToMemory(&encodingpem.Block{Type: "CERTIFICATE", Bytes: der}))
}

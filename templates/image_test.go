package templates

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// image is a folder that stands for a guest's /.
type image struct {
	t    *testing.T
	root string
}

// newImage returns a clean image: what a distribution and the image layer have.
func newImage(t *testing.T) image {
	t.Helper()
	i := image{t, t.TempDir()}
	i.write("/etc/passwd", "root:x:0:0:root:/root:/bin/bash\npacker:x:1000:1000::/home/packer:/bin/sh\nnobody:x:65534:1::/:/x\n")
	i.write("/etc/machine-id", "")
	i.write("/etc/etcdbake/first-boot", "#!/bin/sh\n")
	i.write("/etc/systemd/system/etcd.service", "[Unit]\n")
	i.write("/etc/systemd/system/etcd.service.d/image.conf", "[Service]\n")
	i.write("/usr/local/bin/etcd", "\x7fELF -----BEGIN RSA PRIVATE KEY-----\n\x00 are words of a program\n")
	i.write("/usr/lib/python3/keys.py", `header = "-----BEGIN PRIVATE KEY-----\n" + base64`)
	i.write("/etc/ssl/certs/ca.pem", "-----BEGIN CERTIFICATE-----\nMIIBxwIBAAJhAKD0YSHy73nUgysO13Xs\n")
	for _, dir := range []string{"/var/lib/etcd", "/var/log", "/var/lib/cloud/scripts/per-boot", "/root", "/home/packer", "/proc/1"} {
		if err := os.MkdirAll(i.root+dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	i.write("/proc/1/environ", pemKey(t)) // not of the image
	return i
}

func (i image) write(path, content string) {
	i.t.Helper()
	if err := os.MkdirAll(filepath.Dir(i.root+path), 0o755); err != nil {
		i.t.Fatal(err)
	}
	if err := os.WriteFile(i.root+path, []byte(content), 0o600); err != nil {
		i.t.Fatal(err)
	}
}

// run runs a script on the image and returns the lines that it prints and whether it succeeded.
func (i image) run(name string, args ...string) (lines []string, ok bool) {
	i.t.Helper()
	script, err := Render(name, nil)
	if err != nil {
		i.t.Fatal(err)
	}
	cmd := exec.Command("sh", append([]string{"-c", string(script), name}, args...)...)
	cmd.Env = append(os.Environ(), "ETCDBAKE_ROOT="+i.root)
	out, err := cmd.CombinedOutput()
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == '\n' }), err == nil
}

func pemKey(t *testing.T) string {
	t.Helper()
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8(t, newECDSA(t, elliptic.P256()))}))
}

func newECDSA(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newRSA(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, bits)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func pkcs8(t *testing.T, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

func sec1(t *testing.T, curve elliptic.Curve) string {
	t.Helper()
	der, err := x509.MarshalECPrivateKey(newECDSA(t, curve))
	if err != nil {
		t.Fatal(err)
	}
	return string(der)
}

func TestACleanImageIsSealed(t *testing.T) {
	for _, mode := range []string{"strict", "lenient", "unused"} {
		if lines, ok := newImage(t).run(ImageSeal, mode); !ok || len(lines) > 0 {
			t.Errorf("%s: %q", mode, lines)
		}
	}
}

func TestTheSealFindsEveryKindOfPrivateKey(t *testing.T) {
	key := pemKey(t)
	inJSON, err := json.Marshal(map[string]string{"key": key})
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaPEM := string(pem.EncodeToMemory(&pem.Block{
		Type: "RSA PRIVATE KEY", Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte(key),
	}))
	for path, content := range map[string]string{
		"/etc/ssl/private/a.pem":             key,
		"/home/packer/odd name.txt":          key,
		"/usr/local/share/nested/file":       "certificate\n\n" + key,
		"/usr/share/small":                   key,
		"/opt/big":                           strings.Repeat("x", 3<<20) + "\n" + key,
		"/root/windows.pem":                  strings.ReplaceAll(key, "\n", "\r\n"),
		"/root/encrypted.pem":                rsaPEM,
		"/var/lib/x/user-data.yaml":          "  content: |\n    " + strings.ReplaceAll(key, "\n", "\n    "),
		"/var/lib/x/key.json":                string(inJSON),
		"/var/lib/x/user-data.b64":           "content: " + base64.StdEncoding.EncodeToString([]byte(key)),
		"/var/lib/x/rsa.b64":                 "content: " + base64.StdEncoding.EncodeToString([]byte(rsaPEM)),
		"/var/lib/x/ec.b64":                  base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(key, "PRIV", "EC PRIV"))),
		"/var/lib/x/openssh.b64":             base64.StdEncoding.EncodeToString([]byte(strings.ReplaceAll(key, "PRIV", "OPENSSH PRIV"))),
		"/usr/local/share/big":               strings.Repeat("x", 3<<20) + "\n" + key,
		"/root/.ssh/id_ed25519":              strings.ReplaceAll(key, "PRIVATE", "OPENSSH PRIVATE"),
		"/srv/openssh":                       "openssh-key-v1\x00\x00\x00\x00\x04none",
		"/srv/pkcs8-p256":                    string(pkcs8(t, newECDSA(t, elliptic.P256()))),
		"/srv/pkcs8-p384":                    string(pkcs8(t, newECDSA(t, elliptic.P384()))),
		"/srv/pkcs8-ed25519":                 string(pkcs8(t, ed)),
		"/srv/pkcs8-rsa":                     string(pkcs8(t, newRSA(t, 2048))),
		"/srv/pkcs1-2048":                    string(x509.MarshalPKCS1PrivateKey(newRSA(t, 2048))),
		"/srv/pkcs1-3072":                    string(x509.MarshalPKCS1PrivateKey(newRSA(t, 3072))),
		"/srv/sec1-p256":                     sec1(t, elliptic.P256()),
		"/srv/sec1-p384":                     sec1(t, elliptic.P384()),
		"/srv/sec1-p521":                     sec1(t, elliptic.P521()),
		"/usr/lib/python3/__pycache__/k.pyc": key,
	} {
		t.Run(filepath.Base(path), func(t *testing.T) {
			i := newImage(t)
			i.write(path, content)
			for _, mode := range []string{"strict", "lenient"} {
				lines, ok := i.run(ImageSeal, mode)
				if diff := cmp.Diff([]string{"found " + path + ": a private key"}, lines); ok || diff != "" {
					t.Errorf("%s: succeeded %v, %s", mode, ok, diff)
				}
			}
		})
	}
}

func TestAPackagesOwnExampleOfAKeyIsNoSecret(t *testing.T) {
	i := newImage(t)
	key := pemKey(t)
	md5sum := func(path, content string) string {
		i.write("/"+path, content)
		return fmt.Sprintf("%x  %s\n", md5.Sum([]byte(content)), strings.TrimPrefix(path, "usr/lib64/"))
	}
	i.write("/var/lib/dpkg/info/cloud-init.md5sums",
		md5sum("usr/share/doc/cloud-init/example.txt", key)+md5sum("usr/lib/python3/cc_ssh.py", "'''"+key+"'''"))
	i.write("/usr/lib/python3/__pycache__/cc_ssh.cpython-311.pyc", key)
	if lines, ok := i.run(ImageSeal); !ok || len(lines) > 0 {
		t.Errorf("%q", lines)
	}
	i.write("/usr/share/doc/cloud-init/example.txt", pemKey(t)) // another one
	want := []string{"found /usr/share/doc/cloud-init/example.txt: a private key"}
	if lines, _ := i.run(ImageSeal); cmp.Diff(want, lines) != "" {
		t.Errorf("%q", lines)
	}
}

func TestADataDirectoryIsFoundOnce(t *testing.T) {
	i := newImage(t)
	i.write("/var/lib/etcd/member/snap/db", "x")
	i.write("/var/lib/etcd/member/wal/0000000000000000-0000000000000000.wal", "x")
	want := []string{"found /var/lib/etcd/member: data of an etcd that has run here: all hosts would be one member"}
	if lines, ok := i.run(ImageSeal, "unused"); ok || cmp.Diff(want, lines) != "" {
		t.Errorf("succeeded %v: %q", ok, lines)
	}
}

func TestTheSealFindsTracesOfOneHost(t *testing.T) {
	const wal = "0000000000000000-0000000000000000.wal"
	for path, want := range map[string]string{
		"/var/lib/etcd/x":                                         "data of an etcd that has run here: all hosts would be one member",
		"/mnt/default.etcd/member/snap/db":                        "data of an etcd",
		"/srv/wal/" + wal:                                         "data of an etcd",
		"/etc/etcd/etcd.conf":                                     "configuration of one host",
		"/etc/etcd/ssl/etcd-ca.pem":                               "configuration of one host",
		"/etc/etcdbake/first-boot.env":                            "configuration of one host",
		"/etc/default/etcd":                                       "configuration of one host",
		"/var/lib/etcdbake/done":                                  "first boot has been here",
		"/etc/systemd/system/a.wants/etcd.service":                "the unit is enabled: disable it",
		"/etc/systemd/system/a.wants/etcdbake-first-boot.service": "the unit is enabled: disable it",
	} {
		i := newImage(t)
		i.write(path, "x")
		for _, mode := range []string{"strict", "lenient"} {
			lines, ok := i.run(ImageSeal, mode)
			if diff := cmp.Diff([]string{"found " + path + ": " + want}, lines); ok || diff != "" {
				t.Errorf("%s: succeeded %v, %s", mode, ok, diff)
			}
		}
	}
}

// used is what clean removes, and what the seal says of it.
func used(t *testing.T) map[string]struct{ content, want string } {
	t.Helper()
	return map[string]struct{ content, want string }{
		"/etc/machine-id":                       {"f00d\n", "the machine ID of this guest: empty the file"},
		"/var/lib/dbus/machine-id":              {"f00d\n", "the machine ID of this guest: empty the file"},
		"/etc/ssh/ssh_host_ed25519_key":         {pemKey(t), "the SSH host key of this guest"},
		"/root/.ssh/authorized_keys":            {"ssh-ed25519 AAAA\n", "keys that may log in to every host"},
		"/home/packer/.ssh/authorized_keys":     {"ssh-ed25519 AAAA\n", "keys that may log in to every host"},
		"/var/lib/systemd/credential.secret":    {"x", "a secret of this guest"},
		"/var/lib/NetworkManager/secret_key":    {"x", "a secret of this guest"},
		"/var/lib/cloud/instances/i-1/obj.pkl":  {"x", "cloud-init's state of this guest: hosts would not be set up"},
		"/var/lib/cloud/seed/nocloud/user-data": {"x", "cloud-init's state of this guest: hosts would not be set up"},
	}
}

func TestTheSealFindsWhatWasNotCleaned(t *testing.T) {
	for path, u := range used(t) {
		i := newImage(t)
		i.write(path, u.content)
		said := path
		if strings.HasPrefix(path, "/var/lib/cloud/") {
			said = "/var/lib/cloud"
		}
		if lines, ok := i.run(ImageSeal, "strict"); ok || cmp.Diff([]string{"found " + said + ": " + u.want}, lines) != "" {
			t.Errorf("strict: succeeded %v: %q", ok, lines)
		}
		word := "found "
		if strings.HasSuffix(path, "authorized_keys") {
			word = "warning "
		}
		lines, ok := i.run(ImageSeal, "lenient")
		if ok != (word == "warning ") || cmp.Diff([]string{word + said + ": " + u.want}, lines) != "" {
			t.Errorf("lenient: succeeded %v: %q", ok, lines)
		}
	}
}

func TestACleanedGuestIsSealed(t *testing.T) {
	i := newImage(t)
	for path, u := range used(t) {
		i.write(path, u.content)
	}
	gone := []string{
		"/root/.bash_history", "/home/packer/.bash_history", "/var/log/syslog.1", "/var/log/syslog.2.gz", "/var/log/journal/f00d/system.journal",
		"/var/log/cloud-init.log", "/var/log/cloud-init-output.log", "/var/cache/etcdbake/etcd.tar.gz", "/var/cache/apt/archives/a.deb",
		"/var/cache/apt/pkgcache.bin", "/var/lib/dhcp/dhclient.eth0.leases", "/var/lib/systemd/random-seed", "/etc/ssh/ssh_host_rsa_key.pub",
	}
	emptied := []string{"/var/log/syslog", "/var/log/apt/history.log", "/var/log/wtmp"}
	kept := []string{"/etc/ssh/sshd_config", "/home/packer/.bashrc", "/home/packer/.ssh/config", "/var/lib/apt/lists/a"}
	for _, path := range append(append(gone, emptied...), kept...) {
		i.write(path, "content\n")
	}
	for range 2 { // it can be done again
		if lines, ok := i.run(ImageClean); !ok || len(lines) > 0 {
			t.Fatalf("succeeded %v: %q", ok, lines)
		}
	}
	for _, path := range gone {
		if _, err := os.Stat(i.root + path); err == nil {
			t.Errorf("%s is still there", path)
		}
	}
	for size, paths := range map[int64][]string{0: append(emptied, "/etc/machine-id"), 8: kept} {
		for _, path := range paths {
			if info, err := os.Stat(i.root + path); err != nil || info.Size() != size {
				t.Errorf("%s: %v, not of %d bytes", path, err, size)
			}
		}
	}
	if lines, ok := i.run(ImageSeal); !ok || len(lines) > 0 {
		t.Errorf("the seal found: %q", lines)
	}
}

func TestTheSealFailsWithoutItsTools(t *testing.T) {
	i := newImage(t)
	bin := t.TempDir()
	for _, tool := range []string{"sh", "cut", "grep", "head", "md5sum", "readlink", "sort", "tr", "xargs"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(path, filepath.Join(bin, tool)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin)
	want := []string{"found find: it is not there, and the seal needs it"}
	if lines, ok := i.run(ImageSeal); ok || cmp.Diff(want, lines) != "" {
		t.Errorf("succeeded %v: %q", ok, lines)
	}
}

func TestScriptsOfAnImageAreCleanInShellchecksEyes(t *testing.T) {
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Skip("no shellcheck here")
	}
	for _, name := range []string{ImageWait, ImageClean, ImageSeal} {
		if out, err := exec.Command("shellcheck", filepath.Join("files", name)).CombinedOutput(); err != nil {
			t.Errorf("%s", out)
		}
	}
}

package userdata_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/userdata"
)

const hello = "#cloud-config\nwrite_files: [{path: /x, content: hello}]\n"

func zipped(t testing.TB, content string) string {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func encoded(content string) string { return base64.StdEncoding.EncodeToString([]byte(content)) }

func testdata(t testing.TB, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

// message is a MIME message of parts, each a header and a body.
func message(parts ...string) string {
	var out strings.Builder
	out.WriteString("Content-Type: multipart/mixed; boundary=\"XX\"\nMIME-Version: 1.0\n\n")
	for _, p := range parts {
		out.WriteString("--XX\n" + p + "\n")
	}
	return out.String() + "--XX--\n"
}

// describe returns a host in a few lines.
func describe(h *userdata.Host) string {
	var out strings.Builder
	fmt.Fprintln(&out, strings.Join(h.Formats, ", "), "in", strings.Join(h.Wrapping, " in "))
	for _, d := range h.Directories {
		fmt.Fprintf(&out, "%s/ %04o %s\n", d.Path, d.Mode, d.Owner)
	}
	for _, f := range h.Files {
		fmt.Fprintf(&out, "%s %04o %s %q append=%v\n", f.Path, f.Mode, f.Owner, f.Content, f.Append)
	}
	for _, u := range h.Units {
		fmt.Fprintf(&out, "%s enabled=%v started=%v\n", u.Name, u.Enabled, u.Started)
	}
	for _, c := range h.Commands {
		fmt.Fprintf(&out, "%s: %q\n", c.When, c.Words)
	}
	for _, m := range h.Modules {
		fmt.Fprintf(&out, "%s: %s\n", m.Name, strings.ReplaceAll(strings.TrimSpace(m.Text), "\n", "; "))
	}
	for _, p := range h.Problems {
		fmt.Fprintln(&out, "problem:", p)
	}
	return out.String()
}

func TestOpenReadsEveryFormatInEveryWrapping(t *testing.T) {
	const file = "/x 0644  \"hello\" append=false\n"
	const foreign = "a shell script that etcdbake did not write: what it does to the host is not followed\n"
	for name, c := range map[string]struct{ data, want string }{
		"plain":                 {hello, "cloud-config in \n" + file},
		"gzip":                  {zipped(t, hello), "cloud-config in gzip\n" + file},
		"base64":                {encoded(hello), "cloud-config in base64\n" + file},
		"base64 on lines":       {encoded(hello)[:20] + "\r\n" + encoded(hello)[20:] + "\n", "cloud-config in base64\n" + file},
		"base64 of gzip":        {encoded(zipped(t, hello)), "cloud-config in base64 in gzip\n" + file},
		"a message of one part": {"MIME-Version: 1.0\nContent-Type: text/cloud-config\n\n" + hello, "cloud-config in MIME\n" + file},
		"a message of several": {
			message("Content-Type: text/cloud-config; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"+encoded(hello),
				"Content-Type: text/x-shellscript\nContent-Transfer-Encoding: quoted-printable\n\n#!/bin/sh\necho =3D",
				"Content-Type: text/cloud-config\n\n#cloud-config\nwrite_files: [{path: /y}]\nhostname: a",
				"Content-Type: application/gzip\nContent-Transfer-Encoding: base64\n\n"+
					encoded(zipped(t, "#cloud-config\nhostname: b\nmerge_how: x\n"))),
			"cloud-config, shell script in MIME in gzip\n/y 0644  \"\" append=false\n" +
				"first boot: [\"(a shell script of 16 bytes)\"]\nhostname: b\nmerge_how: x\n" +
				"problem: part 2, " + foreign +
				"problem: part 3, its write_files replaces that of an earlier part\n" +
				"problem: part 4, its hostname replaces that of an earlier part\n",
		},
		"messages in messages": {message("Content-Type: multipart/mixed; boundary=YY\n\n--YY\n\n" + hello + "\n--YY--\n"),
			"cloud-config in MIME\n" + file},
		"an archive": {"#cloud-config-archive\n- type: text/cloud-config\n  content: |\n    write_files: [{path: /x, content: hello}]\n- |\n  #!/bin/sh\n",
			"cloud-config, shell script in cloud-config-archive\n" + file + "first boot: [\"(a shell script of 10 bytes)\"]\nproblem: part 2, " + foreign},
		"a boot hook": {"#cloud-boothook\n#!/bin/sh\n", "boot hook in \nevery boot: [\"(a boot hook of 26 bytes)\"]\n" +
			"problem: a boot hook that etcdbake did not write: what it does to the host is not followed\n"},
		"an include": {"#include\nhttps://user:secret@example.com/\n", "include in \n" +
			"problem: line 1: an include is fetched by the host: give what its URLs lead to\n"},
		"a seed with Rock Ridge names": {testdata(t, "rockridge.iso.gz"),
			"cloud-config in gzip in ISO 9660\n" + file + "meta-data: instance-id: i-1; local-hostname: m1\n"},
		"a seed with Joliet names": {testdata(t, "joliet.iso.gz"),
			"cloud-config in gzip in ISO 9660\n" + file + "meta-data: instance-id: i-1; local-hostname: m1\n"},
		"a seed with both": {testdata(t, "both.iso.gz"),
			"cloud-config in gzip in ISO 9660\n" + file + "meta-data: instance-id: i-1; local-hostname: m1\n"},
		"a seed that would not be found": {testdata(t, "otherlabel.iso.gz"), "cloud-config in gzip in ISO 9660\n" + file +
			"problem: the volume is called \"other\": cloud-init looks for cidata\n" +
			"problem: the seed has no meta-data, without which cloud-init does not take it\n"},
		"Ignition": {`{"ignition": {"version": "3.2.0"}, "passwd": {"users": [{"name": "core", "passwordHash": "$y$j9T$x"}]},
			"storage": {"directories": [{"path": "/d", "mode": 448, "user": {"name": "etcd"}}], "files": [
				{"path": "/a", "mode": 384, "user": {"id": 5}, "contents": {"source": "data:,hello%20you"},
					"append": [{"source": "data:;base64,` + encoded(zipped(t, "more")) + `", "compression": "gzip"}]},
				{"path": "/far", "contents": {"source": "https://example.com/far"}}],
				"links": [{"path": "/l", "target": "/a"}]},
			"systemd": {"units": [{"name": "a.service", "enabled": true, "contents": "[Install]\nWantedBy=multi-user.target", "dropins": [{"name": "b.conf", "contents": "x"}]},
				{"name": "c.timer", "mask": true}]}}`,
			"Ignition in \n/d/ 0700 etcd:root\n/a 0600 5:root \"hello you\" append=false\n/a 0600 5:root \"more\" append=true\n" +
				"/far 0644  \"\" append=false\n/etc/systemd/system/a.service 0644  \"[Install]\\nWantedBy=multi-user.target\" append=false\n" +
				"/etc/systemd/system/a.service.d/b.conf 0644  \"x\" append=false\n" +
				"a.service enabled=true started=true\nc.timer enabled=false started=false\n" +
				"passwd: users:;   - name: core;     passwordHash: (redacted)\nstorage: links:;   - path: /l;     target: /a\n" +
				"problem: /far: its content is fetched by the host, and not known here\n" +
				"problem: c.timer is masked: it cannot be started\n"},
	} {
		t.Run(name, func(t *testing.T) {
			h, err := userdata.Open([]byte(c.data))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, describe(h)); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestOpenSaysWhatCannotBeRead(t *testing.T) {
	deep := hello
	for range 12 {
		deep = encoded(zipped(t, deep))
	}
	nested := "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=X\n\n--X\n"
	for i := range 20 {
		nested += fmt.Sprintf("Content-Type: multipart/mixed; boundary=X%d\n\n--X%d\n", i, i)
	}
	const part = "MIME-Version: 1.0\nContent-Type: "
	image, err := gzip.NewReader(strings.NewReader(testdata(t, "both.iso.gz")))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(image)
	if err != nil {
		t.Fatal(err)
	}
	seed := string(whole)
	bomb := zipped(t, strings.Repeat("\x00", 17<<20))
	for name, c := range map[string]struct{ data, want string }{
		"nothing":                          {" \n", "the user-data is empty"},
		"a huge file":                      {strings.Repeat("#", 16<<20+1), "it is larger than 16 MiB, and no cloud takes a tenth of that: is it the right file?"},
		"a gzip bomb":                      {bomb, "it unpacks to more than 16 MiB in all"},
		"a bomb in a bomb":                 {zipped(t, bomb), "it unpacks to more than 16 MiB in all"},
		"a bomb in a file":                 {"#cloud-config\nwrite_files: [{path: /x, encoding: gz+b64, content: " + encoded(bomb) + "}]\n", "line 2: write_files[0] (/x): it unpacks to more than 16 MiB in all"},
		"aliases by the ton":               {"#cloud-config\na: &a " + strings.Repeat("x", 1<<20) + "\nwrite_files:\n" + strings.Repeat("- {path: /x, content: *a}\n", 20), "line 2: write_files[16].content: it unpacks to more than 16 MiB in all"},
		"cut gzip":                         {zipped(t, "a longer text")[:20], "the content is damaged gzip: unexpected EOF"},
		"many layers":                      {deep, "it is wrapped in more than 8 layers"},
		"messages without end":             {nested, strings.Repeat("part 1, ", 8) + "it has more than 256 parts or 8 layers of them"},
		"no message":                       {"a b\nMIME-Version: 1.0\n", "a MIME message whose header cannot be read"},
		"an open end":                      {part + "multipart/mixed; boundary=X\n\n--X\n\nx", "part 1, the transfer encoding : unexpected EOF"},
		"no part":                          {part + "multipart/mixed; boundary=X\n\n--X--\n", "a message without a part"},
		"no base64":                        {part + "text/plain\nContent-Transfer-Encoding: base64\n\n!", "the transfer encoding base64: unexpected EOF"},
		"no archive":                       {"#cloud-config-archive\na: b\n", "the cloud-config-archive is no list"},
		"a seed Linux would not read":      {testdata(t, "shortnames.iso.gz"), `the ISO image has no user-data in its root folder, but ["meta_dat" "user_dat"]`},
		"a seed that is cut off in a file": {seed[:strings.Index(seed, "hello")], "the ISO image is cut off"},
		"no Ignition":                      {"{}", "the Ignition config: invalid config version (couldn't parse)"},
		"old Ignition":                     {`{"ignition": {"version": "2.2.0"}}`, "the Ignition config: unsupported config version"},
		"wrong Ignition":                   {`{"ignition": {"version": "3.0.0"}, "storage": {"files": [{"path": "x"}]}}`, "the Ignition config: error at $.storage.files.0.path, line 1 col 67: path not absolute"},
		"JSON":                             {"{\n  \"a\"", "the Ignition config: line 2: not JSON: unexpected end of JSON input"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := userdata.Open([]byte(c.data))
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestSecretsOfOtherModulesAreTakenOut(t *testing.T) {
	h, err := userdata.Open([]byte(`#cloud-config
chpasswd: # root is hunter1
  users: [{name: root, password: hunter2, type: text}]
password: &pw hunter3
users:
  - {name: a, hashed_passwd: hunter4, ssh_authorized_keys: [ssh-ed25519 public]}
ssh_keys: {ed25519_private: hunter5}
other:
  motd: |
    -----BEGIN OPENSSH PRIVATE KEY-----
    hunter6
x_early: &late hunter7
phone_home: {api_key: *late, tries: 3}
same: *pw
`))
	if err != nil {
		t.Fatal(err)
	}
	said := describe(h)
	if strings.Contains(said, "hunter") {
		t.Errorf("a secret is told:\n%s", said)
	}
	for _, public := range []string{"ssh-ed25519 public", "tries: 3", "name: a"} {
		if !strings.Contains(said, public) {
			t.Errorf("%s is not told:\n%s", public, said)
		}
	}
}

func TestDecodeWantsNoProblem(t *testing.T) {
	for _, data := range []string{hello, zipped(t, hello), testdata(t, "both.iso.gz")} {
		if _, err := userdata.Decode([]byte(data)); err != nil {
			t.Error(err)
		}
	}
	_, err := userdata.Decode([]byte("#!/bin/sh\n"))
	if err == nil || errors.Unwrap(err) != nil {
		t.Errorf("got %v", err)
	}
}

func FuzzOpenNeverPanics(f *testing.F) {
	for _, seed := range []string{
		hello, zipped(f, hello), encoded(zipped(f, hello)), message("Content-Type: text/cloud-config\n\n"+hello, "\n#!/bin/sh\n"),
		"#cloud-config-archive\n- {content: '#!/bin/sh'}\n", "#cloud-config\nx: &a [*a]\ny: {password: *a}\n",
		testdata(f, "both.iso.gz"), testdata(f, "joliet.iso.gz"), testdata(f, "rockridge.iso.gz"),
		`{"ignition": {"version": "3.4.0"}, "storage": {"files": [{"path": "/a", "contents": {"source": "data:,x"}}]}}`,
		"#!/bin/sh\ndir() { :; }\nput() { :; }\nmain() {\n\tdir /a 0755\n\tput /a/b 0644 <<'END'\nx\nEND\n\tput /c 0600 '\\0000'\n}\nmain\n",
		"#!/bin/sh\nunpacked=$(base64 -d <<'END' | gzip -dc\n" + encoded(zipped(f, "main() {\n}\nmain\n")) + "\nEND\n)\neval \"$unpacked\"\n",
		"#cloud-config\nbootcmd: ['[ -d /a ] || mkdir -m 0700 /a; systemctl enable --now b']\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		h, err := userdata.Open(data)
		if err != nil {
			if h != nil || strings.Contains(err.Error(), "PRIVATE KEY") {
				t.Errorf("%+v, %v", h, err)
			}
			return
		}
		for _, file := range h.InOrder() {
			if !strings.HasPrefix(file.Path, "/") || file.Path != filepath.Clean(file.Path) || file.Mode&^0o7777 != 0 {
				t.Errorf("a file at %q with mode %o", file.Path, file.Mode)
			}
		}
		for _, d := range h.Directories {
			if !strings.HasPrefix(d.Path, "/") {
				t.Errorf("a folder at %q", d.Path)
			}
		}
	})
}

package packer

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hcldec"
	"github.com/hashicorp/hcl/v2/hclparse"
	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/zclconf/go-cty/cty"

	"github.com/etcdbake/etcdbake/generator/plan"
)

// decode reads the body of a provisioner block as Packer does.
func decode(t *testing.T, body string) (cty.Value, hcl.Diagnostics) {
	t.Helper()
	f, diags := hclparse.NewParser().ParseHCL([]byte(body), "template.pkr.hcl")
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return hcldec.Decode(f.Body, new(Provisioner).ConfigSpec(), nil)
}

// prepared returns a provisioner with the arguments of an HCL body.
func prepared(t *testing.T, body string) (*Provisioner, error) {
	t.Helper()
	value, diags := decode(t, body)
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	p := new(Provisioner)
	return p, p.Prepare(value)
}

const otherDigest = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

func TestEveryMistakeIsSaidAtOnceWithWhatToDo(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	tarball := file("etcd-v3.5.21-linux-amd64.tar.gz", "")
	good := file("cluster.yaml", "name: c\nmembers: [{name: a, address: 10.0.0.1}]\n")
	bad := file("bad.yaml", "name: c\nmembers: \n- {name: a, adress: 10.0.0.1}\n- {name: b, address: 10.0.0.2}\n- {name: d, address: 10.0.0.3}\n")
	preinstalled := file("pre.yaml", "name: c\nmembers: [{name: a, address: 10.0.0.1}]\netcd: {preinstalled: true}\n")
	for _, test := range []struct {
		body string
		want []string
	}{
		{`version = "v3.6.14"`, []string{`version: "v3.6.14" begins with a v` + "\nhint: write 3.6.14"}},
		{`version = "3.6"`, []string{`version: "3.6" is not a version` + "\nhint: write all three parts, for example 3.6.14"}},
		{`version = "3.4.45"`, []string{"etcd 3.4 is at the end of its life: it gets no security fixes\nhint: use one of 3.5, 3.6 or 3.7"}},
		{`version = "3.6.999"`, []string{"no SHA-256 is known for etcd-v3.6.999-linux-amd64.tar.gz\n" +
			"hint: add sha256 from the release's SHA256SUMS file, or use 3.6.14"}},
		{`sha256 = "abc"`, []string{`sha256 is not a SHA-256: that is 64 hex digits, this is "abc"` +
			"\nhint: copy it from the release's SHA256SUMS file"}},
		{`bin_dir = "opt/bin"`, []string{`bin_dir: "opt/bin" is not an absolute path` + "\nhint: use /usr/local/bin or /opt/bin"}},
		{`arch = "x86_64"`, []string{`arch: "x86_64" is neither amd64 nor arm64` + "\nhint: leave it out, and the guest is asked"}},
		{`mirror = "ftp://a.example"` + "\n" + `mirrors = ["https://u:p@b.example", "https://c.example?x"]`, []string{
			`mirror: "ftp://a.example" is not an http or https URL` + "\nhint: write it like https://mirror.example.com/etcd",
			"mirrors[0] holds credentials\nhint: remove them: user-data can be read by every process on the host",
			"mirrors[1]: a mirror has no query or fragment\nhint: give the part before /vX.Y.Z alone",
		}},
		{`settings = { max-txn-op = "1", max-request-bytes = "many", quota-backend-bytes = "1" }`, []string{
			`settings.max-request-bytes: etcd does not take "many"` + "\nhint: write a whole number",
			`etcd 3.6 has no setting "max-txn-op"` + "\n" + `hint: did you mean "max-txn-ops"?`,
			`"quota-backend-bytes" is not a free setting` +
				"\nhint: it has a place of its own in a cluster.yaml that is named with spec: tuning.quota_backend",
		}},
		{`spec = "` + good + `"` + "\nversion = \"3.6.14\"\nsha256 = \"" + otherDigest + "\"\nsettings = { max-txn-ops = \"1\" }", []string{
			"settings is given beside spec, which decides it\nhint: remove one of the two",
			"sha256 is given beside spec, which decides it\nhint: remove one of the two",
			"version is given beside spec, which decides it\nhint: remove one of the two",
		}},
		{`spec = "` + bad + `"`, []string{"spec: " + bad + `:3:3: members[0] has no "address"`}},
		{`spec = "` + preinstalled + `"`, []string{"spec: etcd.preinstalled is true in " + preinstalled +
			", so there is no release to install\nhint: remove it; target: {image: golden} says that the hosts' image has etcd"}},
		{`source = "` + tarball + `"`, []string{"source: etcd-v3.5.21-linux-amd64.tar.gz is not etcd 3.6.14\nhint: change version or source"}},
		{`source = "` + tarball + `"` + "\narch = \"arm64\"\nversion = \"3.5.21\"\nsha256 = \"" + otherDigest + "\"",
			[]string{"source: etcd-v3.5.21-linux-amd64.tar.gz is not etcd 3.5.21 for arm64\nhint: change version or source"}},
		{`source = "/nowhere"` + "\nmirror = \"https://a.example\"", []string{
			"mirror and mirrors have no use beside source: nothing is downloaded\nhint: remove one of the two",
			"source: stat /nowhere: no such file or directory\nhint: a relative path starts at the folder that packer runs in",
		}},
		{`source = "` + dir + `"`, []string{"source: " + dir + " is not a file"}},
		{`environment_vars = ["A=1", "secret"]` + "\nenv = { \"a b\" = \"secret\" }", []string{
			"environment_vars[1] is not of the form NAME=value",
			`env: "a b" is not the name of an environment variable`,
		}},
		{`remote_folder = "tmp"`, []string{`remote_folder: "tmp" is not an absolute path` + "\nhint: the default is /tmp"}},
		{`execute_command = "sudo sh"`, []string{"execute_command does not run the script\nhint: it must use {{ .Path }}"}},
		{`execute_command = "sh {{ .Pat }}"`, []string{"execute_command does not run the script\nhint: it must use {{ .Path }}"}},
	} {
		_, err := prepared(t, test.body)
		var got []string
		var all *packersdk.MultiError
		if errors.As(err, &all) {
			for i, e := range all.Errors {
				got = append(got, e.Error())
				// The whole words of these, with the line and a caret, are tested in package spec.
				if i < len(test.want) && (test.body[:4] == "spec") {
					got[i] = got[i][:min(len(got[i]), len(test.want[i]))]
				}
			}
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", test.body, err, diff)
		}
	}
}

func TestUnknownArgumentsAreErrors(t *testing.T) {
	_, diags := decode(t, `versoin = "3.6.14"`)
	if !diags.HasErrors() || !strings.Contains(diags.Error(), `An argument named "versoin" is not expected here`) {
		t.Errorf("HCL: %v", diags)
	}
	err := new(Provisioner).Prepare(map[string]any{"versoin": "3.6.14"}) // from a template in JSON
	if err == nil || !strings.Contains(err.Error(), `unknown configuration key: '"versoin"'`) {
		t.Errorf("JSON: %v", err)
	}
}

func TestAnEmptyBlockIsEnough(t *testing.T) {
	p, err := prepared(t, "")
	if err != nil {
		t.Fatal(err)
	}
	layout, warnings, err := p.config.layout("arm64")
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	want := plan.Release{
		Version: "3.6.14", Arch: "arm64", SHA256: layout.Release.SHA256,
		Mirrors: []string{"https://storage.googleapis.com/etcd", "https://github.com/etcd-io/etcd/releases/download"},
	}
	if diff := cmp.Diff(want, layout.Release); diff != "" || len(want.SHA256) != 64 {
		t.Errorf("%s\n%s", want.SHA256, diff)
	}
	if !p.config.Clean.True() || p.config.RemoteFolder != "/tmp" || p.config.ExecuteCommand != defaultExecuteCommand {
		t.Errorf("%+v", p.config)
	}
}

func TestArgumentsReachTheLayout(t *testing.T) {
	p, err := prepared(t, `
		version  = "3.6.999"
		sha256   = "`+strings.ToUpper(otherDigest)+`"
		mirror   = "https://a.example/etcd/"
		mirrors  = ["http://b.example"]
		settings = { max-txn-ops = "256" }
		clean    = false
	`)
	if err != nil {
		t.Fatal(err)
	}
	layout, _, err := p.config.layout("amd64")
	if err != nil {
		t.Fatal(err)
	}
	want := plan.Release{
		Version: "3.6.999", Arch: "amd64", SHA256: otherDigest, Mirrors: []string{"https://a.example/etcd", "http://b.example"},
	}
	if diff := cmp.Diff(want, layout.Release); diff != "" {
		t.Error(diff)
	}
	if conf := string(layout.Files[len(layout.Files)-1].Content); !strings.Contains(conf, `"ETCD_MAX_TXN_OPS=256"`) {
		t.Errorf("no max-txn-ops in:\n%s", conf)
	}
	if !p.config.Clean.False() {
		t.Errorf("clean is %v", p.config.Clean)
	}
}

func TestASpecGivesReleaseAndTuningAndTheArgumentsMirrorsComeFirst(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cluster.yaml")
	spec := `
name: c
members: [{name: a, address: 10.0.0.1}, {name: b, address: 10.0.0.2}, {name: d, address: 10.0.0.3}]
etcd: {version: 3.5.999, sha256: {amd64: ` + otherDigest + `}, mirrors: [https://own.example, https://both.example]}
tuning: {quota_backend: 4GiB}
`
	if err := os.WriteFile(path, []byte(spec), 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := prepared(t, `spec = "`+path+`"`+"\nmirror = \"https://both.example\"")
	if err != nil {
		t.Fatal(err)
	}
	layout, warnings, err := p.config.layout("amd64")
	if err != nil || len(warnings) > 0 {
		t.Fatal(warnings, err)
	}
	want := plan.Release{
		Version: "3.5.999", Arch: "amd64", SHA256: otherDigest, Mirrors: []string{"https://both.example", "https://own.example"},
	}
	if diff := cmp.Diff(want, layout.Release); diff != "" {
		t.Error(diff)
	}
	if conf := string(layout.Files[len(layout.Files)-1].Content); !strings.Contains(conf, "ETCD_QUOTA_BACKEND_BYTES=4294967296") {
		t.Errorf("no quota in:\n%s", conf)
	}
	_, _, err = p.config.layout("arm64")
	if err == nil || !strings.HasPrefix(err.Error(), "no SHA-256 is known for etcd-v3.5.999-linux-arm64.tar.gz\nhint: add sha256") {
		t.Errorf("arm64: %v", err)
	}
}

func TestADoubtfulDigestIsAWarning(t *testing.T) {
	p, err := prepared(t, `sha256 = "`+otherDigest+`"`)
	if err != nil {
		t.Fatal(err)
	}
	_, warnings, err := p.config.layout("amd64")
	if err != nil || len(warnings) != 1 || !strings.HasPrefix(warnings[0], "this is not the digest that etcd-v3.6.14-linux-amd64") {
		t.Error(warnings, err)
	}
}

func TestTheCommandRunsTheScript(t *testing.T) {
	p, err := prepared(t, `environment_vars = ["B=x y", "A=old"]`+"\nenv = { A = \"it's\" }")
	if err != nil {
		t.Fatal(err)
	}
	for sudo, want := range map[bool]string{
		false: `env A='it'"'"'s' B='x y' /bin/sh '/a b'`,
		true:  `sudo -n env A='it'"'"'s' B='x y' /bin/sh '/a b'`,
	} {
		if got, err := p.config.command("/a b", sudo, nil); err != nil || got != want {
			t.Errorf("%s, %v; want %s", got, err, want)
		}
	}
	p, err = prepared(t, `execute_command = "{{ build `+"`ID`"+` }} {{ .Vars }} {{ .Path }}"`)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.config.command("/p", true, map[string]any{"ID": "i-1"}); err != nil || got != "i-1  /p" {
		t.Errorf("%q, %v", got, err)
	}
}

package userdata_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcdbake/etcdbake/generator/userdata"
)

// bakedScript is a script of etcdbake's shape with these lines in main.
func bakedScript(main string) string {
	return "#!/bin/sh\ndir() { mkdir \"$1\"; }\nput() { cat >\"$1\"; }\nmain() {\n" + main + "}\nmain </dev/null\n"
}

func TestOurScriptsAreReadByTheirShape(t *testing.T) {
	const body = "\tverb=start\n\tdir /etc/etcd 0755\n\tdir '/etc/it'\"'\"'s' 0700\n\tput /a/b 0600 <<'END_2'\nEND\n$x `y` \\\nEND_2\n" +
		"\tput /empty 0644 <<'END'\nEND\n\tput '/e f' 0644 'a\\0000\\0377\\0134'\n" +
		"\tsystemctl enable --quiet a.service\n\tsystemctl \"$verb\" --no-block a\n"
	const want = `/etc/etcd/ 0755 
/etc/it's/ 0700 
/a/b 0600  "END\n$x ` + "`y`" + ` \\\n" append=false
/empty 0644  "" append=false
/e f 0644  "a\x00\xff\\" append=false
a.service enabled=true started=true
first boot: ["systemctl" "enable" "--quiet" "a.service"]
first boot: ["systemctl" "$verb" "--no-block" "a"]
`
	packed := "#!/bin/sh\nunpacked=$(base64 -d <<'END' | gzip -dc\n" + encoded(zipped(t, bakedScript(body))) + "\nEND\n) || exit 1\neval \"$unpacked\"\n"
	for name, script := range map[string]string{"readable": bakedScript(body), "packed": packed} {
		h, err := userdata.Open([]byte(script))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff("shell script of etcdbake in \n"+want, describe(h)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestWhatIsNotOfOurShapeIsTold(t *testing.T) {
	const foreign = "a shell script that etcdbake did not write: what it does to the host is not followed"
	for name, c := range map[string]struct{ script, want string }{
		"something more":   {bakedScript("\tcurl http://example.com/ -o /x\n"), `line 5: "curl" is not what etcdbake writes there`},
		"a relative path":  {bakedScript("\tput x 0644 ''\n"), "line 5: put takes an absolute path and a mode"},
		"no mode":          {bakedScript("\tdir /x\n"), "line 5: dir takes an absolute path and a mode"},
		"a mode in words":  {bakedScript("\tdir /x u=rwx\n"), "line 5: its mode is no octal number"},
		"two contents":     {bakedScript("\tput /x 0644 a b\n"), "line 5: put takes an absolute path, a mode and one content"},
		"an open document": {bakedScript("\tput /x 0644 <<END\n$HOME\nEND\n"), "line 5: put takes an absolute path, a mode and one content"},
		"never called":     {strings.TrimSuffix(bakedScript("\tsay x\n"), "main </dev/null\n"), foreign},
		"no function dir":  {strings.Replace(bakedScript("\tsay x\n"), "dir()", "folder()", 1), foreign},
		"no shell":         {"#!/bin/sh\nif\n", foreign},
		"another language": {"#!/usr/bin/python3\nprint('hello')\n", foreign},
		"nested deeply":    {"#!/bin/sh\n" + strings.Repeat("(", 20_000), foreign},
		"long":             {"#!/bin/sh\n" + strings.Repeat("x\n", 200_000), foreign},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := userdata.Decode([]byte(c.script))
			if err == nil || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestUnitsAndFoldersOfCommandsAreFound(t *testing.T) {
	h, err := userdata.Open([]byte(`#cloud-config
write_files: [{path: /etc/systemd/system/own.timer}, {path: /etc/systemd/system/x.service.d/y.conf}]
bootcmd:
- [mkdir, -p, -m, "0700", /a, "/b/../c"]
- if [ ! -d /d ]; then mkdir --mode=0750 "/d"; fi; mkdir relative $HOME/x
runcmd:
- systemctl daemon-reload && systemctl enable --now one two.socket
- [sudo, systemctl, start, hidden]
- [/usr/bin/systemctl, restart, --no-block, three.service]
- [sh, -c, "case x in"]
- []
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []userdata.Unit{
		{Name: "one.service", Enabled: true, Started: true}, {Name: "two.socket", Enabled: true, Started: true},
		{Name: "three.service", Started: true}, {Name: "own.timer"},
	}
	if diff := cmp.Diff(want, h.Units); diff != "" {
		t.Errorf("units (-want +got)\n%s", diff)
	}
	folders := []userdata.Directory{{Path: "/a", Mode: 0o700}, {Path: "/c", Mode: 0o700}, {Path: "/d", Mode: 0o750}}
	if diff := cmp.Diff(folders, h.Directories); diff != "" {
		t.Errorf("folders (-want +got)\n%s", diff)
	}
}

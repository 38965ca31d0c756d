// Package templates holds the text that is written to hosts: etcd.conf, the systemd units, the first-boot script. Templates
// only print what plan has computed; a missing key is an error, and every value is quoted for the language it lands in.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"strings"
	"text/template"
)

//go:embed files
var files embed.FS

// Names of the templates, to be given to Render.
const (
	EtcdConf         = "etcd.conf"
	EtcdService      = "etcd.service"
	FirstBoot        = "first-boot.sh"
	FirstBootEnv     = "first-boot.env"
	FirstBootService = "etcdbake-first-boot.service"
	EtcdctlProfile   = "etcdctl.sh"
	ImageConf        = "image.conf"
	InstallEnv       = "install.env"
	ImageWait        = "image-wait.sh"
	ImageClean       = "image-clean.sh"
	ImageSeal        = "image-seal.sh"
)

// Render executes the named template with data. Its errors are ours, never the user's: a template and its data disagree.
func Render(name string, data any) ([]byte, error) {
	text, err := files.ReadFile("files/" + name)
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	t, err := template.New(name).
		Option("missingkey=error").
		Funcs(template.FuncMap{"quote": EnvQuote, "unit": UnitAssignment}).
		Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// EnvQuote quotes a value for a file that systemd reads as EnvironmentFile= and a POSIX shell may source: in double quotes
// both take everything literally but " \ ` and $ after a backslash (systemd's src/basic/env-file.c, SHELL_NEED_ESCAPE;
// POSIX XCU 2.2.3). systemd expands neither % nor $ there.
func EnvQuote(value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`).Replace(value) + `"`
}

// UnitAssignment returns key=value as one word of a unit's Environment=, which takes C escapes in double quotes and replaces
// specifiers after % but leaves $ alone (systemd.exec(5), systemd.syntax(7)).
func UnitAssignment(key, value string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`).Replace(key+"="+value) + `"`
}

// Package templates holds the text that is written to hosts: etcd.conf, the systemd units, the first-boot script. Templates
// only print what plan has computed; a missing key is an error, and every value is quoted for the language it lands in.
package templates

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"regexp"
	"strings"
	"sync"
	"text/template"
)

//go:embed files
var files embed.FS

// Names of the templates, to be given to Render.
const (
	EtcdConf         = "etcd.conf"
	EtcdSharedConf   = "etcd-shared.conf"
	EtcdService      = "etcd.service"
	FirstBoot        = "first-boot.sh"
	FirstBootEnv     = "first-boot.env"
	FirstBootService = "etcdbake-first-boot.service"
	DataDisk         = "data-disk.sh"
	DataDiskEnv      = "data-disk.env"
	DataDiskConf     = "data-disk.conf"
	EtcdctlProfile   = "etcdctl.sh"
	Ready            = "ready.sh"
	ReadyService     = "etcd-ready.service"
	Shred            = "shred.sh"
	ShredService     = "etcdbake-shred.service"
	ImageConf        = "image.conf"
	InstallEnv       = "install.env"
	Script           = "script.sh"
	PackedScript     = "script-packed.sh"
	Defrag           = "defrag.sh"
	DefragService    = "etcdbake-defrag.service"
	Backup           = "backup.sh"
	BackupService    = "etcdbake-backup.service"
	Restore          = "restore.sh"
	MaintenanceTimer = "maintenance.timer"
	ImageWait        = "image-wait.sh"
	ImageClean       = "image-clean.sh"
	ImageSeal        = "image-seal.sh"
)

// Render executes the named template with data. Its errors are ours, never the user's: a template and its data disagree.
func Render(name string, data any) ([]byte, error) { return execute(whole, name, data) }

// RenderLean is Render of the template without whole-line comments but the first, which says where they can be read: in a host's
// user-data, whose size clouds limit, they would be a sixth. Comments that shellcheck obeys stay.
func RenderLean(name string, data any) ([]byte, error) { return execute(lean, name, data) }

func execute(parsed func() (*template.Template, error), name string, data any) ([]byte, error) {
	all, err := parsed()
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := all.ExecuteTemplate(&out, name, data); err != nil {
		return nil, fmt.Errorf("template %s: %w", name, err)
	}
	return out.Bytes(), nil
}

// whole and lean are all templates, parsed once: a fleet renders them thousands of times.
var (
	whole = sync.OnceValues(func() (*template.Template, error) {
		return parse(func(source []byte) []byte { return source })
	})
	lean = sync.OnceValues(func() (*template.Template, error) { return parse(withoutComments) })
)

// parse returns all templates, by their paths below files, with what edit makes of their sources.
func parse(edit func(source []byte) []byte) (*template.Template, error) {
	all := template.New("").
		Option("missingkey=error").
		Funcs(template.FuncMap{"quote": EnvQuote, "unit": UnitAssignment})
	err := fs.WalkDir(files, "files", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		source, err := files.ReadFile(path)
		if err == nil {
			_, err = all.New(strings.TrimPrefix(path, "files/")).Parse(string(edit(source)))
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("templates: %w", err)
	}
	return all, nil
}

// hereDocument finds the word that ends a here-document, which is kept as it is.
var hereDocument = regexp.MustCompile(`<<-?\s*["']?([A-Z]\w*)`)

// withoutComments removes whole lines alone: a # that follows anything may be within quotes.
func withoutComments(text []byte) []byte {
	var out bytes.Buffer
	end, head := "", true
	for line := range strings.Lines(string(text)) {
		trimmed := strings.TrimSpace(line)
		switch {
		case end != "":
			if trimmed == end {
				end = ""
			}
		case strings.HasPrefix(trimmed, "#!"), strings.HasPrefix(trimmed, "# shellcheck "):
		case strings.HasPrefix(trimmed, "#"):
			if !head {
				continue
			}
			head = false
		default:
			head = false
			if strings.Contains(line, "<<") {
				if word := hereDocument.FindStringSubmatch(line); word != nil {
					end = word[1]
				}
			}
		}
		out.WriteString(line)
	}
	return out.Bytes()
}

// EnvQuote quotes a value for a file that systemd reads as EnvironmentFile= and a POSIX shell may source: in double quotes
// both take everything literally but " \ ` and $ after a backslash (systemd's src/basic/env-file.c, SHELL_NEED_ESCAPE;
// POSIX XCU 2.2.3). systemd expands neither % nor $ there.
func EnvQuote(value string) string { return `"` + envEscapes.Replace(value) + `"` }

var envEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "`", "\\`", `$`, `\$`)

// UnitAssignment returns key=value as one word of a unit's Environment=, which takes C escapes in double quotes and replaces
// specifiers after % but leaves $ alone (systemd.exec(5), systemd.syntax(7)).
func UnitAssignment(key, value string) string {
	return `"` + unitEscapes.Replace(key+"="+value) + `"`
}

var unitEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`)

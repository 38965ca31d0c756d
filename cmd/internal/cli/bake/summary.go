package bake

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/cloud"
)

// writeTable prints what generate did: changes and warnings to stderr, the artefacts and the next steps to stdout.
func writeTable(s cli.Streams, o generateOptions, summary *generator.Summary) error {
	for _, w := range summary.Warnings {
		fmt.Fprintln(s.Err, w)
	}
	for _, change := range summary.Changes {
		fmt.Fprintf(s.Err, "%s %s%s\n", change.Action, filepath.Join(o.PKI, change.Name), reason(change.Reason))
	}
	for _, note := range summary.Notes {
		fmt.Fprintln(s.Err, "note:", note)
	}
	for _, removal := range summary.Removed {
		fmt.Fprintf(s.Err, "removed %s: %s\n", removal.Path, removal.Reason)
	}
	if len(summary.Members) > 0 {
		if _, err := fmt.Fprintln(s.Out, membersTable(summary)); err != nil {
			return err
		}
	}
	if err := writeFolders(s.Out, o, summary); err != nil {
		return err
	}
	return writeNextSteps(s.Out, o, summary)
}

func membersTable(summary *generator.Summary) string {
	what := "user-data"
	if summary.Format == generator.RootFS {
		what = "tar"
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"member", what, "size", "of limit", "certificates until", "state"})
	for _, m := range summary.Members {
		t.AppendRow(table.Row{
			m.Member, m.Path, size(m), ofLimit(m), m.NotAfter.Format(time.DateOnly), state(m),
		})
	}
	return t.Render()
}

// writeFolders says of each folder with files that are not one member's how many there are.
func writeFolders(w io.Writer, o generateOptions, summary *generator.Summary) error {
	var folders []string
	files, changed := map[string]int{}, map[string]int{}
	for _, a := range summary.Shared {
		below, err := filepath.Rel(o.Out, a.Path)
		if err != nil {
			return err
		}
		folder, _, _ := strings.Cut(filepath.ToSlash(below), "/")
		if files[folder] == 0 {
			folders = append(folders, folder)
		}
		files[folder]++
		if a.Changed {
			changed[folder]++
		}
	}
	for _, folder := range folders {
		_, err := fmt.Fprintf(w, "%s: %d written, %d unchanged\n",
			filepath.Join(o.Out, folder), changed[folder], files[folder]-changed[folder])
		if err != nil {
			return err
		}
	}
	return nil
}

func reason(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
}

func size(m generator.Artefact) string {
	text := humanize.IBytes(uint64(m.Size))
	if m.Encoding == "" || m.Encoding == cloud.Plain {
		return text
	}
	return text + " " + string(m.Encoding)
}

func ofLimit(m generator.Artefact) string {
	if m.Limit == 0 {
		return "-"
	}
	return fmt.Sprintf("%d %%", (m.Size*100+m.Limit-1)/m.Limit)
}

func state(m generator.Artefact) string {
	if m.Changed {
		return "written"
	}
	return "unchanged"
}

// writeJSON prints the summary for scripts. Its keys are a promise.
func writeJSON(w io.Writer, o generateOptions, summary *generator.Summary) error {
	type member struct {
		Name     string    `json:"name"`
		UserData string    `json:"user_data,omitempty"`
		Tar      string    `json:"tar,omitempty"`
		Encoding string    `json:"encoding,omitempty"`
		Size     int       `json:"size_bytes"`
		Limit    int       `json:"limit_bytes,omitempty"`
		NotAfter time.Time `json:"certificates_not_after"`
		Changed  bool      `json:"changed"`
	}
	type file struct {
		Path    string `json:"path"`
		Size    int    `json:"size_bytes"`
		Changed bool   `json:"changed"`
	}
	type change struct {
		Name   string `json:"name"`
		Action string `json:"action"`
		Reason string `json:"reason,omitempty"`
	}
	document := struct {
		Cluster  string   `json:"cluster"`
		Format   string   `json:"format"`
		Expect   string   `json:"expect,omitempty"`
		Members  []member `json:"members"`
		Shared   []file   `json:"shared"`
		Changes  []change `json:"changes"`
		Removed  []string `json:"removed"`
		Warnings []string `json:"warnings"`
		Notes    []string `json:"notes"`
	}{
		Cluster: summary.Cluster.Name, Format: string(summary.Format), Expect: summary.Expect,
		Members: []member{}, Shared: []file{}, Changes: []change{}, Warnings: []string{},
		Removed: []string{}, Notes: append([]string{}, summary.Notes...),
	}
	for _, m := range summary.Members {
		written := member{
			Name: m.Member, Encoding: string(m.Encoding), Size: m.Size, Limit: m.Limit,
			NotAfter: m.NotAfter.UTC(), Changed: m.Changed,
		}
		if summary.Format == generator.RootFS {
			written.Tar = m.Path
		} else {
			written.UserData = m.Path
		}
		document.Members = append(document.Members, written)
	}
	for _, f := range summary.Shared {
		document.Shared = append(document.Shared, file{f.Path, f.Size, f.Changed})
	}
	for _, removal := range summary.Removed {
		document.Removed = append(document.Removed, removal.Path)
	}
	for _, c := range summary.Changes {
		document.Changes = append(document.Changes, change{c.Name, string(c.Action), c.Reason})
	}
	for _, warning := range summary.Warnings {
		document.Warnings = append(document.Warnings, warning.Error())
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

package bake

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"time"

	"al.essio.dev/pkg/shellescape"
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
	for _, path := range summary.Removed {
		fmt.Fprintf(s.Err, "removed %s: not a member any more\n", path)
	}
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"member", "user-data", "size", "of limit", "certificates until", "state"})
	for _, m := range summary.Members {
		t.AppendRow(table.Row{
			m.Member, m.Path, humanize.IBytes(uint64(m.Size)), ofLimit(m), m.NotAfter.Format(time.DateOnly), state(m),
		})
	}
	if _, err := fmt.Fprintln(s.Out, t.Render()); err != nil {
		return err
	}
	return writeNextSteps(s.Out, o, summary)
}

func writeNextSteps(w io.Writer, o generateOptions, summary *generator.Summary) error {
	out, pki := shellescape.Quote(o.Out), shellescape.Quote(o.PKI)
	lines := "\nNext, boot these on this machine:\n\n" +
		fmt.Sprintf("  etcdbake rehearse --out %s --pki %s\n", out, pki) +
		"\nCreate the hosts:\n\n"
	for i, m := range summary.Cluster.Members {
		path := summary.Members[i].Path
		command := cloud.CreateCommand(summary.Cluster.Target.Cloud, m, path)
		if command == "" {
			command = fmt.Sprintf("give %s, at %s, the user-data %s", m.Name, m.Address, path)
		}
		lines += "  " + command + "\n"
	}
	lines += "\nAnd prove that they are one healthy cluster:\n\n" +
		fmt.Sprintf("  etcd-verify --expect %s --cacert %s --cert %s --key %s --wait 10m\n",
			shellescape.Quote(summary.Expect), shellescape.Quote(filepath.Join(o.PKI, "ca.pem")),
			shellescape.Quote(filepath.Join(o.PKI, "clients", "verify.pem")),
			shellescape.Quote(filepath.Join(o.PKI, "clients", "verify-key.pem")))
	_, err := io.WriteString(w, lines)
	return err
}

func reason(text string) string {
	if text == "" {
		return ""
	}
	return ": " + text
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
func writeJSON(w io.Writer, summary *generator.Summary) error {
	type member struct {
		Name     string    `json:"name"`
		UserData string    `json:"user_data"`
		Size     int       `json:"size_bytes"`
		Limit    int       `json:"limit_bytes,omitempty"`
		NotAfter time.Time `json:"certificates_not_after"`
		Changed  bool      `json:"changed"`
	}
	type change struct {
		Name   string `json:"name"`
		Action string `json:"action"`
		Reason string `json:"reason,omitempty"`
	}
	document := struct {
		Cluster  string   `json:"cluster"`
		Expect   string   `json:"expect"`
		Members  []member `json:"members"`
		Changes  []change `json:"changes"`
		Removed  []string `json:"removed"`
		Warnings []string `json:"warnings"`
		Notes    []string `json:"notes"`
	}{
		Cluster: summary.Cluster.Name, Expect: summary.Expect,
		Members: []member{}, Changes: []change{}, Warnings: []string{},
		Removed: append([]string{}, summary.Removed...), Notes: append([]string{}, summary.Notes...),
	}
	for _, m := range summary.Members {
		document.Members = append(document.Members, member{m.Member, m.Path, m.Size, m.Limit, m.NotAfter.UTC(), m.Changed})
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

package bake

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/etcdbake/etcdbake/generator/inspect"
)

// writeReport prints what a host would do with one user-data; a section that has nothing to say is left out.
func writeReport(w io.Writer, path string, r *inspect.Report) error {
	var out strings.Builder
	fmt.Fprintf(&out, "%s: %s, %s\n", path, formatName(r), humanize.IBytes(uint64(r.Size)))
	for _, section := range []string{
		filesTable(r), directoriesTable(r), unitsTable(r), commandsTable(r), modulesText(r), certificatesTable(r), fitsTable(r),
		problemsText(r),
	} {
		if section != "" {
			out.WriteString("\n" + section + "\n")
		}
	}
	_, err := io.WriteString(w, out.String())
	return err
}

// formatName is like "cloud-config and shell script in MIME in gzip".
func formatName(r *inspect.Report) string {
	name := strings.Join(r.Formats, " and ")
	for i := len(r.Wrapping) - 1; i >= 0; i-- {
		name += " in " + r.Wrapping[i]
	}
	return name
}

func newTable(columns ...any) table.Writer {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(columns)
	return t
}

// render is empty for a table without a row.
func render(t table.Writer) string {
	if t.Length() == 0 {
		return ""
	}
	return t.Render()
}

func filesTable(r *inspect.Report) string {
	t := newTable("file", "mode", "owner", "size", "content")
	for _, f := range r.Files {
		content := string(f.Kind)
		if f.PublicKey != "" {
			content += ", public half " + f.PublicKey[:16] + "…"
		}
		t.AppendRow(table.Row{f.Path, f.Mode, f.Owner, humanize.IBytes(uint64(f.Size)), content})
	}
	return render(t)
}

func directoriesTable(r *inspect.Report) string {
	t := newTable("folder", "mode", "owner")
	for _, d := range r.Directories {
		t.AppendRow(table.Row{d.Path, d.Mode, d.Owner})
	}
	return render(t)
}

func unitsTable(r *inspect.Report) string {
	t := newTable("unit", "is")
	for _, u := range r.Units {
		state := "written"
		switch {
		case u.Enabled && u.Started:
			state = "enabled and started"
		case u.Enabled:
			state = "enabled"
		case u.Started:
			state = "started"
		}
		t.AppendRow(table.Row{u.Name, state})
	}
	return render(t)
}

func commandsTable(r *inspect.Report) string {
	t := newTable("run at", "command")
	for _, c := range r.Commands {
		t.AppendRow(table.Row{c.When, strings.TrimRight(strings.ReplaceAll(strings.Join(c.Command, " "), "\t", "  "), "\n")})
	}
	return render(t)
}

func modulesText(r *inspect.Report) string {
	var out strings.Builder
	for _, m := range r.Modules {
		lines := strings.Split(strings.TrimRight(m.Text, "\n"), "\n")
		if len(lines) == 1 && !strings.HasPrefix(lines[0], "- ") {
			fmt.Fprintf(&out, "%s: %s\n", m.Name, lines[0])
			continue
		}
		fmt.Fprintf(&out, "%s:\n  %s\n", m.Name, strings.Join(lines, "\n  "))
	}
	return strings.TrimRight(out.String(), "\n")
}

func certificatesTable(r *inspect.Report) string {
	t := newTable("certificate", "what it says")
	for _, c := range r.Certificates {
		t.AppendRow(table.Row{c.File, strings.Join(certificateLines(c), "\n")})
	}
	t.Style().Options.SeparateRows = true
	return render(t)
}

func certificateLines(c inspect.Certificate) []string {
	until := "until " + c.NotAfter.Format(time.DateOnly)
	if c.Expired {
		until = "expired on " + c.NotAfter.Format(time.DateOnly)
	}
	usage := "for " + strings.Join(c.Usages, " and ")
	if c.CA {
		usage = "a CA"
	}
	lines := []string{fmt.Sprintf("%s, %s, %s", c.Subject, usage, until)}
	if len(c.SANs) > 0 {
		lines = append(lines, strings.Join(c.SANs, " "))
	}
	switch {
	case c.IssuedBy == "":
		lines = append(lines, "signed by "+c.Issuer+", which is not here")
	case c.IssuedBy != c.File:
		lines = append(lines, "signed by "+c.IssuedBy)
	}
	switch {
	case c.Key != "":
		lines = append(lines, "its key is "+c.Key)
	case !c.CA:
		lines = append(lines, "its key is not here")
	}
	return lines
}

func fitsTable(r *inspect.Report) string {
	t := newTable("cloud", "takes", "plain", "lightest", "fits")
	for _, f := range r.Fits {
		fit := "no"
		if f.Fits {
			fit = "yes"
		}
		lightest := fmt.Sprintf("%d", f.Lightest)
		if f.Encoding != "plain" {
			lightest += " (" + f.Encoding + ")"
		}
		t.AppendRow(table.Row{f.Cloud, f.Limit, f.Plain, lightest, fit})
	}
	return render(t)
}

func problemsText(r *inspect.Report) string {
	if len(r.Problems) == 0 {
		return ""
	}
	return "problems:\n  " + strings.Join(r.Problems, "\n  ")
}

// writeChanges prints how two user-data differ.
func writeChanges(w io.Writer, paths []string, changes []inspect.Change) error {
	var out strings.Builder
	if len(changes) == 0 {
		out.WriteString("both make the same host\n")
	}
	for _, c := range changes {
		switch c.Side {
		case inspect.First:
			fmt.Fprintf(&out, "%s %s: only in %s\n", c.What, c.Name, paths[0])
		case inspect.Second:
			fmt.Fprintf(&out, "%s %s: only in %s\n", c.What, c.Name, paths[1])
		default:
			fmt.Fprintf(&out, "%s %s differs\n", c.What, c.Name)
		}
		for _, detail := range c.Details {
			out.WriteString("  " + detail + "\n")
		}
		out.WriteString(c.Diff)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

package bake

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"

	"al.essio.dev/pkg/shellescape"
	"github.com/dustin/go-humanize/english"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/etcdbake/etcdbake/cmd/internal/cli"
	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/fleet"
)

// writeFleetTable prints what became of the clusters: errors and warnings to stderr, a row for each cluster to stdout.
func writeFleetTable(s cli.Streams, o generateOptions, results []fleet.Result) error {
	t := table.NewWriter()
	t.SetStyle(table.StyleLight)
	t.Style().Format.Header = text.FormatDefault
	t.AppendHeader(table.Row{"cluster", "spec", "members", "state", "changes", "warnings"})
	for _, r := range results {
		for _, warning := range r.Warnings {
			fmt.Fprintln(s.Err, warning)
		}
		for _, note := range r.Notes {
			fmt.Fprintf(s.Err, "note: %s: %s\n", r.Cluster, note)
		}
		for _, removed := range r.Removed {
			fmt.Fprintf(s.Err, "%s: removed %s: %s\n", r.Cluster, removed.Path, removed.Reason)
		}
		if r.Err != nil {
			fmt.Fprintf(s.Err, "failed: %s\n%v\n", r.Spec, r.Err)
		}
		t.AppendRow(table.Row{r.Cluster, r.Spec, r.Members, r.State, r.Changes, len(r.Warnings) + len(r.Notes)})
	}
	_, err := fmt.Fprintf(s.Out, "%s\n%s\n%s", t.Render(), fleetTotals(results), fleetNextSteps(o, results))
	return err
}

// fleetTotals is the summary in one line: "3 clusters: 2 written, 1 failed".
func fleetTotals(results []fleet.Result) string {
	line, separator := english.Plural(len(results), "cluster", ""), ": "
	count := countStates(results)
	for _, state := range fleet.States() {
		if n := count[state]; n > 0 {
			line += fmt.Sprintf("%s%d %s", separator, n, state)
			separator = ", "
		}
	}
	return line
}

// fleetNextSteps shows the way on by the first cluster that has been made.
func fleetNextSteps(o generateOptions, results []fleet.Result) string {
	if o.Format == generator.Packer {
		return ""
	}
	for _, r := range results {
		if r.State == fleet.Written || r.State == fleet.Unchanged {
			out, pki := shellescape.Quote(filepath.Join(o.Out, r.Cluster)), shellescape.Quote(filepath.Join(o.PKI, r.Cluster))
			return fmt.Sprintf("\nNext, for each cluster, as for %s: see what to do with its files, and boot them on this machine:\n\n"+
				"  etcdbake generate -f %s --out %s --pki %s\n  etcdbake rehearse --out %s --pki %s\n",
				r.Cluster, shellescape.Quote(r.Spec), out, pki, out, pki)
		}
	}
	return ""
}

// writeFleetJSON prints the results for scripts. Its keys are a promise.
func writeFleetJSON(w io.Writer, results []fleet.Result) error {
	type cluster struct {
		Cluster  string   `json:"cluster,omitempty"`
		Spec     string   `json:"spec"`
		State    string   `json:"state"`
		Members  int      `json:"members"`
		Changes  int      `json:"changes"`
		Removed  []string `json:"removed"`
		Warnings []string `json:"warnings"`
		Notes    []string `json:"notes"`
		Error    string   `json:"error,omitempty"`
	}
	document := struct {
		Clusters []cluster      `json:"clusters"`
		Totals   map[string]int `json:"totals"`
	}{Clusters: []cluster{}, Totals: map[string]int{}}
	count := countStates(results)
	for _, state := range fleet.States() {
		document.Totals[string(state)] = count[state]
	}
	for _, r := range results {
		c := cluster{
			Cluster: r.Cluster, Spec: r.Spec, State: string(r.State), Members: r.Members, Changes: r.Changes, Removed: []string{},
			Warnings: append([]string{}, r.Warnings...), Notes: append([]string{}, r.Notes...),
		}
		for _, removed := range r.Removed {
			c.Removed = append(c.Removed, removed.Path)
		}
		if r.Err != nil {
			c.Error = r.Err.Error()
		}
		document.Clusters = append(document.Clusters, c)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(document)
}

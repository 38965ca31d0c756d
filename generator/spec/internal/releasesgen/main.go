// Command releasesgen writes the compact table of release digests from the long one, a JSON file that also says where each
// digest was seen: {"3.6.14": {"amd64": {"sha256": "…", "sources": […], "confirmed_by_two": true}}}.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
)

type digest struct {
	SHA256    string `json:"sha256"`
	Confirmed bool   `json:"confirmed_by_two"`
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: releasesgen etcd-checksums.json FILE")
		os.Exit(2)
	}
	if err := generate(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "releasesgen:", err)
		os.Exit(1)
	}
}

func generate(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	var releases map[string]map[string]digest
	if err := json.Unmarshal(text, &releases); err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	var lines []string
	for version, arches := range releases {
		for _, arch := range []string{"amd64", "arm64"} {
			d, ok := arches[arch]
			if !ok || strings.HasPrefix(version, "3.4.") { // end of life
				continue
			}
			sources := "once"
			if d.Confirmed {
				sources = "twice"
			}
			lines = append(lines, fmt.Sprintf("%s %s %s %s\n", version, arch, d.SHA256, sources))
		}
	}
	slices.SortFunc(lines, byVersion)
	var out bytes.Buffer
	out.WriteString("# SHA-256 of etcd-vVERSION-linux-ARCH.tar.gz, and whether it was seen once or in two independent sources.\n")
	for _, line := range lines {
		out.WriteString(line)
	}
	return os.WriteFile(to, out.Bytes(), 0o644)
}

// byVersion sorts 3.6.9 before 3.6.14.
func byVersion(a, b string) int {
	var x, y [3]int
	fmt.Sscanf(a, "%d.%d.%d", &x[0], &x[1], &x[2])
	fmt.Sscanf(b, "%d.%d.%d", &y[0], &y[1], &y[2])
	if c := slices.Compare(x[:], y[:]); c != 0 {
		return c
	}
	return strings.Compare(a, b)
}

// Command flagsgen writes the table of etcd's flags per minor. It builds each etcd from the Go module proxy, takes every
// quoted word of its flag definitions and every flag of its help text as a candidate, and asks the binary itself whether that is a flag and of what kind.
// No etcd is ever started: each probe ends with a flag that does not exist.
package main

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// versions are the newest of each minor that the spec accepts.
var versions = []string{"3.5.35", "3.6.14", "3.7.3"}

const server = "go.etcd.io/etcd/server/v3"

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: flagsgen FILE")
		os.Exit(2)
	}
	table, err := generate()
	if err == nil {
		err = os.WriteFile(os.Args[1], table, 0o644)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "flagsgen:", err)
		os.Exit(1)
	}
}

func generate() ([]byte, error) {
	dir, err := os.MkdirTemp("", "flagsgen")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	lines := map[string][]string{} // "name kind" → minors
	for _, version := range versions {
		etcd, err := build(dir, version)
		if err != nil {
			return nil, fmt.Errorf("etcd %s: %w", version, err)
		}
		minor := version[:strings.LastIndexByte(version, '.')]
		for _, name := range etcd.candidates {
			if kind := probe(etcd.binary, name); kind != "" {
				lines[name+" "+kind] = append(lines[name+" "+kind], minor)
			}
		}
		for _, gate := range gates(etcd.binary) {
			lines[gate+" gate"] = append(lines[gate+" gate"], minor)
		}
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "# Flags and feature gates of etcd %s by internal/flagsgen: name, kind, minors.\n", strings.Join(versions, ", "))
	for _, line := range slices.Sorted(maps.Keys(lines)) {
		fmt.Fprintln(&out, line, strings.Join(lines[line], " "))
	}
	return out.Bytes(), nil
}

type etcd struct {
	binary     string
	candidates []string
}

// build makes a module that requires one etcd server, and returns its binary and the words in its flag definitions.
func build(dir, version string) (*etcd, error) {
	dir = filepath.Join(dir, version)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return nil, err
	}
	files := map[string]string{
		"go.mod":   "module flags\n\ngo 1.24\n\nrequire " + server + " v" + version + "\n",
		"tools.go": "//go:build tools\n\npackage flags\n\nimport _ \"" + server + "\"\n",
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return nil, err
		}
	}
	if _, err := run(dir, "go", "mod", "tidy"); err != nil {
		return nil, err
	}
	if _, err := run(dir, "go", "build", "-o", "etcd", server); err != nil {
		return nil, err
	}
	source, err := run(dir, "go", "list", "-m", "-f", "{{.Dir}}", server)
	if err != nil {
		return nil, err
	}
	words := map[string]bool{}
	quoted := regexp.MustCompile(`"([a-z][a-z0-9-]*)"`)
	for _, file := range []string{"etcdmain/config.go", "embed/config.go"} {
		text, err := os.ReadFile(filepath.Join(strings.TrimSpace(source), file))
		if err != nil {
			return nil, err
		}
		for _, m := range quoted.FindAllStringSubmatch(string(text), -1) {
			words[m[1]] = true
		}
	}
	binary := filepath.Join(dir, "etcd")
	help, _ := exec.Command(binary, "--help").CombinedOutput()
	for _, m := range regexp.MustCompile(`--([a-z][a-z0-9-]*)`).FindAllSubmatch(help, -1) {
		words[string(m[1])] = true
	}
	return &etcd{binary, slices.Sorted(maps.Keys(words))}, nil
}

func run(dir string, args ...string) (string, error) {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return string(out), err
}

// probe returns the kind of a flag, "" if there is no such flag, "other" where etcd has rules of its own.
func probe(binary, name string) string {
	if name == "help" || undefined(try(binary, "--"+name+"=1"), name) {
		return ""
	}
	takes := func(value string) bool { return !strings.Contains(try(binary, "--"+name+"="+value), "invalid ") }
	switch {
	case takes("@"):
		// A flag that takes any text but needs none is one of old, which etcd still takes and ignores.
		if undefined(try(binary, "--"+name, "--no-value"), "no-value") {
			return ""
		}
		return "string"
	case takes("true") && takes("1"):
		return "bool"
	case takes("1s") && !takes("1"):
		return "duration"
	case takes("0.5"):
		return "float"
	case takes("-1"):
		return "int"
	case takes("1"):
		return "uint"
	}
	return "other"
}

func undefined(output, flag string) bool {
	return strings.Contains(output, "provided but not defined: -"+flag+"\n")
}

func try(binary string, args ...string) string {
	out, _ := exec.Command(binary, append(args, "--no-such-flag")...).CombinedOutput()
	return string(out)
}

// gates are the feature gates that the help text lists.
func gates(binary string) []string {
	help, _ := exec.Command(binary, "--help").CombinedOutput()
	var names []string
	for _, m := range regexp.MustCompile(`(?m)^    ([A-Za-z]+)=true\|false `).FindAllSubmatch(help, -1) {
		names = append(names, string(m[1]))
	}
	return names
}

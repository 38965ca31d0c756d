package spec

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

//go:embed flags.txt
var flagsTable string

// setting is one of etcd's flags or feature gates: a line "max-txn-ops uint 3.5 3.6 3.7" of the table. The table is of the
// newest patch of each minor; an older patch may lack a flag, which etcd then logs and passes over. A test makes and
// checks the table with real etcd binaries.
type setting struct {
	kind   string   // of its value: string, bool, int, uint, float, duration; other where etcd has rules of its own; gate
	minors []string // that have it
}

// allFlags reads the table when a spec with settings is first read.
var allFlags = sync.OnceValue(func() map[string]setting {
	flags := map[string]setting{}
	for line := range strings.Lines(flagsTable) {
		if fields := strings.Fields(line); fields[0] != "#" {
			flags[fields[0]] = setting{fields[1], fields[2:]}
		}
	}
	return flags
})

// flagNames are the flags of an etcd minor, or its feature gates, sorted.
func flagNames(minor string, gates bool) []string {
	var names []string
	for name, f := range allFlags() {
		if (f.kind == "gate") == gates && slices.Contains(f.minors, minor) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// takes tells whether a value is of a flag's kind, by the rules of Go's flag package, which etcd uses.
func (f setting) takes(value string) bool {
	var err error
	switch f.kind {
	case "bool":
		_, err = strconv.ParseBool(value)
	case "int":
		_, err = strconv.ParseInt(value, 0, 64)
	case "uint":
		_, err = strconv.ParseUint(value, 0, 64)
	case "float":
		_, err = strconv.ParseFloat(value, 64)
	case "duration":
		_, err = time.ParseDuration(value)
	}
	return err == nil
}

// example is a value of a flag's kind.
func (f setting) example() string {
	return map[string]string{
		"bool": "true or false", "int": "a whole number", "uint": "a whole number", "float": "a number",
		"duration": "a time such as 10s",
	}[f.kind]
}

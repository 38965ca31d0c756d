package packer

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
)

// arches are those that etcd is released for and etcdbake knows.
func arches() []string { return []string{"amd64", "arm64"} }

// layout returns the image layer for guests of one architecture, and warnings about the release or the settings.
func (c *Config) layout(arch string) (plan.Layout, []string, error) {
	cluster, warnings, err := c.cluster(arch)
	if err != nil {
		return plan.Layout{}, nil, err
	}
	layout, err := plan.ImageFor(cluster, arch)
	return layout, warnings, err
}

// cluster returns a cluster of hosts of one architecture that has the arguments' release and settings. They are put into a
// cluster.yaml for that, so that they are judged by its rules and in its words.
func (c *Config) cluster(arch string) (*spec.Cluster, []string, error) {
	etcd := spec.Etcd{Version: c.Version, Mirrors: c.mirrors(), BinDir: c.BinDir}
	if c.SHA256 != "" {
		etcd.SHA256 = map[string]string{arch: c.SHA256}
	}
	if c.Spec == "" {
		return c.judge(arch, etcd)
	}
	own, _, err := spec.Load(c.Spec) // its warnings are for who makes hosts of it
	if err != nil {
		return nil, nil, fmt.Errorf("spec: %w", err)
	}
	if own.Etcd.Preinstalled {
		return nil, nil, fmt.Errorf("spec: etcd.preinstalled is true in %s, so there is no release to install\n"+
			"hint: remove it; target: {image: golden} says that the hosts' image has etcd", c.Spec)
	}
	etcd.Version, etcd.SHA256, etcd.BinDir = own.Etcd.Version, own.Etcd.SHA256, own.Etcd.BinDir
	for _, mirror := range own.Etcd.Mirrors {
		if !slices.Contains(etcd.Mirrors, mirror) {
			etcd.Mirrors = append(etcd.Mirrors, mirror)
		}
	}
	cluster, warnings, err := c.judge(arch, etcd)
	if err != nil {
		return nil, nil, err
	}
	cluster.Tuning = own.Tuning
	return cluster, warnings, nil
}

// judge parses a cluster.yaml of three members of one architecture with the given release and the arguments' settings.
func (c *Config) judge(arch string, etcd spec.Etcd) (*spec.Cluster, []string, error) {
	src, err := json.Marshal(document(arch, etcd, c.Settings)) // JSON is YAML
	if err != nil {
		return nil, nil, err
	}
	cluster, warnings, err := spec.Parse("arguments", src)
	if err != nil {
		return nil, nil, c.inArguments(err)
	}
	var texts []string
	for _, w := range warnings {
		texts = append(texts, c.words().Replace(text(w)))
	}
	return cluster, texts, nil
}

// document is a cluster.yaml. Its members stand for any: their addresses are for documentation (RFC 5737).
func document(arch string, etcd spec.Etcd, settings map[string]string) any {
	section := map[string]any{}
	if etcd.Version != "" {
		section["version"] = etcd.Version
	}
	if len(etcd.SHA256) > 0 {
		section["sha256"] = etcd.SHA256
	}
	if etcd.BinDir != "" {
		section["bin_dir"] = etcd.BinDir
	}
	if len(etcd.Mirrors) > 0 {
		section["mirrors"] = etcd.Mirrors
	}
	var members []any
	for i := range 3 { // of one or two, a warning would come
		members = append(members, map[string]any{
			"name": fmt.Sprintf("any%d", i), "address": fmt.Sprintf("192.0.2.%d", i+1), "arch": arch,
		})
	}
	document := map[string]any{"name": "image", "members": members, "etcd": section}
	if len(settings) > 0 {
		document["tuning"] = map[string]any{"settings": settings}
	}
	return document
}

// mirrors are the arguments' own base URLs, in order of preference.
func (c *Config) mirrors() []string {
	if c.Mirror == "" {
		return slices.Clone(c.Mirrors)
	}
	return append([]string{c.Mirror}, c.Mirrors...)
}

// inArguments returns what spec says is wrong, each problem once, in the words of the provisioner's arguments.
func (c *Config) inArguments(err error) error {
	var problems *spec.Error
	if !errors.As(err, &problems) {
		return err
	}
	var errs []error
	for _, p := range problems.Problems {
		if p.Severity == spec.SeverityError {
			errs = append(errs, errors.New(c.words().Replace(text(p))))
		}
	}
	return errors.Join(errs...)
}

// text is a problem without its place, which is in a file that nobody has written.
func text(p spec.Problem) string {
	if p.Hint == "" {
		return p.Message
	}
	return p.Message + "\nhint: " + p.Hint
}

// words translates paths in a cluster.yaml to the names of the arguments.
func (c *Config) words() *strings.Replacer {
	paths := map[string]string{
		"etcd.version":         "version",
		"etcd.bin_dir":         "bin_dir",
		"etcd.mirrors":         "mirrors",
		"tuning.settings.":     "settings.",
		"use tuning.":          "it has a place of its own in a cluster.yaml that is named with spec: tuning.",
		"put it into the spec": "give it as the argument sha256",
	}
	for _, arch := range arches() {
		paths["etcd.sha256."+arch] = "sha256"
	}
	for i := range c.mirrors() {
		name := fmt.Sprintf("mirrors[%d]", i)
		if c.Mirror != "" {
			name = cmp.Or(map[int]string{0: "mirror"}[i], fmt.Sprintf("mirrors[%d]", i-1))
		}
		paths[fmt.Sprintf("etcd.mirrors[%d]", i)] = name
	}
	var pairs []string
	for _, path := range slices.SortedFunc(maps.Keys(paths), longestFirst) { // the first that fits wins
		pairs = append(pairs, path, paths[path])
	}
	return strings.NewReplacer(pairs...)
}

func longestFirst(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) }

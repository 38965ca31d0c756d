package fleet

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Find returns the specs that names stand for, each once: a file, a folder for the *.yaml and *.yml in it, or a pattern of
// filepath.Match for what it matches. Those of one name are sorted.
func Find(names ...string) ([]string, error) {
	var all []string
	known := map[string]bool{}
	for _, name := range names {
		found, err := find(name)
		if err != nil {
			return nil, err
		}
		for _, path := range found {
			if path = filepath.Clean(path); !known[path] {
				known[path] = true
				all = append(all, path)
			}
		}
	}
	return all, nil
}

// IsMany tells whether a name stands for many specs, however many there are now: a folder, or a pattern that is no file's name.
func IsMany(name string) bool {
	info, err := os.Stat(name)
	if err == nil {
		return info.IsDir()
	}
	return strings.ContainsAny(name, `*?[`)
}

func find(name string) ([]string, error) {
	if !IsMany(name) {
		return []string{name}, nil
	}
	matches := []string{name}
	if _, err := os.Stat(name); err != nil {
		if matches, err = filepath.Glob(name); err != nil {
			return nil, fmt.Errorf("%q is no pattern: %w", name, err)
		}
		// As in a shell: an editor's hidden copy is no cluster.
		matches = slices.DeleteFunc(matches, func(match string) bool { return isHidden(match) && !isHidden(name) })
	}
	var specs []string
	for _, match := range matches {
		if info, err := os.Stat(match); err != nil || !info.IsDir() {
			specs = append(specs, match)
			continue
		}
		inside, err := inFolder(match)
		if err != nil {
			return nil, err
		}
		specs = append(specs, inside...)
	}
	if len(specs) == 0 {
		return nil, fmt.Errorf("no spec in %s: want files *.yaml or *.yml", name)
	}
	return specs, nil
}

func isHidden(path string) bool { return strings.HasPrefix(filepath.Base(path), ".") }

func inFolder(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var specs []string
	for _, e := range entries {
		extension := filepath.Ext(e.Name())
		if !e.IsDir() && !isHidden(e.Name()) && (extension == ".yaml" || extension == ".yml") {
			specs = append(specs, filepath.Join(folder, e.Name()))
		}
	}
	return specs, nil
}

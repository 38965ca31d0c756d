// Package inspect shows what user-data makes of a host, in words that give no secret away: files, folders, units, commands,
// certificates, and whether clouds take it. It shows what package userdata reads, and how two of them differ.
package inspect

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/etcdbake/etcdbake/generator/userdata"
)

// Report is what one user-data makes of a host. Its JSON is a promise to scripts. No text in it holds a secret.
type Report struct {
	Formats      []string      `json:"formats"`  // "cloud-config"; several where it is a message of several parts
	Wrapping     []string      `json:"wrapping"` // what was around them, outermost first: "gzip"
	Size         int           `json:"size_bytes"`
	Files        []File        `json:"files"`
	Directories  []Directory   `json:"directories"`
	Units        []Unit        `json:"units"`
	Commands     []Command     `json:"commands"`
	Modules      []Module      `json:"modules"`
	Certificates []Certificate `json:"certificates"`
	Fits         []Fit         `json:"fits"`
	Problems     []string      `json:"problems"`
}

// File is a file as it is on the host in the end.
type File struct {
	Path  string `json:"path"`
	Mode  string `json:"mode"`  // "0644"
	Owner string `json:"owner"` // "root:root"
	Size  int    `json:"size_bytes"`
	// Kind is what is in it: one of the kinds below.
	Kind Kind `json:"kind"`
	// SHA256 of the content; empty for a secret, which could be guessed from it.
	SHA256 string `json:"sha256,omitempty"`
	// PublicKey is the SHA-256 of the public half of a private key, by which it is known.
	PublicKey string `json:"public_key_sha256,omitempty"`

	content []byte
	sum     [32]byte // of the content with its secrets, to compare them by; never shown
}

// Directory is a folder that is made for itself.
type Directory struct {
	Path  string `json:"path"`
	Mode  string `json:"mode"`
	Owner string `json:"owner"`
}

// Unit is what becomes of a unit of systemd. One that is neither enabled nor started is written, or named, alone.
type Unit struct {
	Name    string `json:"name"`
	Enabled bool   `json:"enabled"`
	Started bool   `json:"started"`
}

// Command is what is run: "every boot" or "first boot".
type Command struct {
	When    string   `json:"when"`
	Command []string `json:"command"`

	sum [32]byte
}

// Module is what else is done to the host, as YAML.
type Module struct {
	Name string `json:"name"`
	Text string `json:"text"`

	sum [32]byte
}

// Read opens user-data of any format. The error says why it cannot be read. now is for what has expired.
func Read(data []byte, now time.Time) (*Report, error) {
	host, err := userdata.Open(data)
	if err != nil {
		return nil, err
	}
	r := &Report{
		Formats: host.Formats, Wrapping: append([]string{}, host.Wrapping...), Size: len(data),
		Files: []File{}, Directories: []Directory{}, Units: []Unit{}, Commands: []Command{}, Modules: []Module{},
		Certificates: []Certificate{}, Problems: []string{},
	}
	r.addFiles(host)
	for _, d := range host.Directories {
		r.Directories = append(r.Directories, Directory{printable(d.Path), octal(uint32(d.Mode)), ownerOf(d.Owner)})
	}
	for _, u := range host.Units {
		r.Units = append(r.Units, Unit{printable(u.Name), u.Enabled, u.Started})
	}
	for _, c := range host.Commands {
		r.Commands = append(r.Commands, commandOf(c))
	}
	for _, m := range host.Modules {
		r.Modules = append(r.Modules, Module{printable(m.Name), redactText(m.Text), m.Sum})
	}
	for _, problem := range host.Problems {
		r.Problems = append(r.Problems, redactText(problem.Error()))
	}
	r.addCertificates(now)
	r.Fits, err = fits(host)
	return r, err
}

// addFiles joins what is written to the same path one after another.
func (r *Report) addFiles(host *userdata.Host) {
	contents := map[string][]byte{}
	places := map[string]int{}
	for _, f := range host.InOrder() {
		content := f.Content
		if f.Append {
			content = slices.Concat(contents[f.Path], content)
		}
		contents[f.Path] = content
		file := File{
			Path: printable(f.Path), Mode: octal(uint32(f.Mode)), Owner: ownerOf(f.Owner), Size: len(content),
			Kind: kindOf(content), content: content, sum: sha256.Sum256(content),
		}
		switch file.Kind {
		case PrivateKey:
			file.PublicKey = publicKeyOf(content)
		case Secret:
		default:
			file.SHA256 = hex.EncodeToString(file.sum[:])
		}
		at, again := places[f.Path]
		if !again {
			places[f.Path] = len(r.Files)
			r.Files = append(r.Files, file)
			continue
		}
		if !f.Append {
			r.Problems = append(r.Problems, fmt.Sprintf("%s is written more than once: the last one stays", file.Path))
		}
		r.Files[at] = file
	}
}

// commandOf sum word by word what one command is given.
func commandOf(c userdata.Command) Command {
	shown := Command{When: string(c.When), sum: sha256.Sum256([]byte(strings.Join(c.Words, "\x00")))}
	for i, word := range c.Words {
		if i > 0 && userdata.IsSecretName(c.Words[i-1]) && strings.HasPrefix(c.Words[i-1], "-") {
			word = userdata.Redacted
		}
		shown.Command = append(shown.Command, redactText(word))
	}
	return shown
}

func octal(mode uint32) string { return fmt.Sprintf("%04o", mode) }

// ownerOf names both the user and the group.
func ownerOf(owner string) string {
	switch user, group, found := strings.Cut(owner, ":"); {
	case owner == "":
		return "root:root"
	case !found || group == "":
		return printable(user + ":" + user)
	}
	return printable(owner)
}

// Show returns the content of one file, with the secrets in its lines taken out. The error says why it is not shown.
func (r *Report) Show(path string) (string, error) {
	for _, f := range r.Files {
		if f.Path != path {
			continue
		}
		switch f.Kind {
		case Text, Certificates:
			return redactText(string(f.content)), nil
		case Binary:
			return "", fmt.Errorf("%s is binary, %d bytes: it is not shown", path, f.Size)
		}
		return "", fmt.Errorf("%s holds a %s: it is never shown", path, strings.TrimPrefix(string(f.Kind), "a "))
	}
	return "", fmt.Errorf("%s is not among the files", path)
}

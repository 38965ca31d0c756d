package expect

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
)

// Load reads and checks the expectation in file. Every error names it.
func Load(file string) (*Cluster, error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the expectation: %w", err)
	}
	c, err := Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return c, nil
}

// Parse reads an expectation and checks it. It refuses what it does not know, because a promise that is not understood
// would otherwise go unchecked.
func Parse(data []byte) (*Cluster, error) {
	var head struct {
		Schema string `json:"schema"`
	}
	if err := json.Unmarshal(data, &head); err != nil {
		return nil, fmt.Errorf("not an expectation (the expect.json that `etcdbake generate` writes): %w", err)
	}
	if head.Schema != Schema {
		return nil, fmt.Errorf(
			"schema is %q, but this program reads %q; use the etcd-verify that belongs to the etcdbake which wrote it",
			head.Schema, Schema)
	}
	var c Cluster
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return nil, fmt.Errorf("not a valid expectation: %w", err)
	}
	if err := c.validate(); err != nil {
		return nil, fmt.Errorf("not a valid expectation: %w", err)
	}
	return &c, nil
}

func (c *Cluster) validate() error {
	if len(c.Members) == 0 {
		return errors.New("it has no members")
	}
	seen := map[string]bool{}
	for i, m := range c.Members {
		switch {
		case m.Name == "":
			return fmt.Errorf("members[%d] has no name", i)
		case seen[m.Name]:
			return fmt.Errorf("two members are named %q", m.Name)
		}
		seen[m.Name] = true
		if err := m.validate(); err != nil {
			return fmt.Errorf("member %q: %w", m.Name, err)
		}
	}
	return nil
}

func (m Member) validate() error {
	if err := validURLs("client_urls", m.ClientURLs); err != nil {
		return err
	}
	if err := validURLs("peer_urls", m.PeerURLs); err != nil {
		return err
	}
	if err := m.Server.validate(); err != nil {
		return fmt.Errorf("server_certificate: %w", err)
	}
	if err := m.Peer.validate(); err != nil {
		return fmt.Errorf("peer_certificate: %w", err)
	}
	for _, f := range append(slices.Clone(m.Files), m.Binaries...) {
		if err := f.validate(); err != nil {
			return fmt.Errorf("file %q: %w", f.Path, err)
		}
	}
	return nil
}

func (f File) validate() error {
	if !path.IsAbs(f.Path) {
		return errors.New("path is not absolute")
	}
	if _, err := strconv.ParseUint(f.Mode, 8, 12); err != nil {
		return fmt.Errorf("mode %q is not octal, like 0644", f.Mode)
	}
	if f.SHA256 != "" {
		return Certificate{SHA256: f.SHA256}.validate()
	}
	return nil
}

func validURLs(field string, urls []string) error {
	if len(urls) == 0 {
		return fmt.Errorf("%s is empty", field)
	}
	for _, s := range urls {
		u, err := url.Parse(s)
		if err != nil || u.Port() == "" || u.Scheme != "https" && u.Scheme != "http" {
			return fmt.Errorf("%s: %q is not a URL like https://10.140.0.2:2379", field, s)
		}
	}
	return nil
}

func (c Certificate) validate() error {
	if b, err := hex.DecodeString(c.SHA256); err != nil || len(b) != 32 {
		return fmt.Errorf("sha256 %q is not 64 hex digits", c.SHA256)
	}
	return nil
}

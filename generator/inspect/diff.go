package inspect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"github.com/etcdbake/etcdbake/generator/userdata"
)

// Change is one way in which two user-data differ.
type Change struct {
	// What differs: "file", "directory", "unit", "command", "module", "certificate"; and which one.
	What string `json:"what"`
	Name string `json:"name"`
	// Side is where it is: "first" or "second" only, or "both".
	Side Side `json:"side"`
	// Details say how, one line each.
	Details []string `json:"details,omitempty"`
	// Diff is the unified difference of a text, secrets taken out.
	Diff string `json:"diff,omitempty"`
}

// Side tells in which of two user-data something is.
type Side string

// The sides.
const (
	First  Side = "first"
	Second Side = "second"
	Both   Side = "both"
)

// Diff returns what hosts of a and b would have that differs; none where they would be the same, whatever formats the two have.
func Diff(a, b *Report) []Change {
	return slices.Concat(
		compare("directory", a.Directories, b.Directories, func(d Directory) string { return d.Path }, directoryChange),
		compare("file", a.Files, b.Files, func(f File) string { return f.Path }, fileChange),
		compare("certificate", a.named(), b.named(), func(c namedCertificate) string { return c.name }, certificateChange),
		compare("unit", a.Units, b.Units, func(u Unit) string { return u.Name }, unitChange),
		commandChanges(a, b),
		compare("module", a.modules(b), b.modules(a), func(m Module) string { return m.Name }, moduleChange),
	)
}

// modules are those to be compared with another's: a seed's meta-data are left out where the other is no seed, since the cloud
// gives it some too.
func (r *Report) modules(other *Report) []Module {
	return slices.DeleteFunc(slices.Clone(r.Modules), func(m Module) bool {
		return m.Name == "meta-data" && !slices.Contains(other.Wrapping, userdata.ISO)
	})
}

// compare pairs the items of two lists by name. differs fills in a change, and tells whether there is one.
func compare[T any](what string, a, b []T, name func(T) string, differs func(a, b T, c *Change) bool) []Change {
	var all []Change
	for _, one := range a {
		c := Change{What: what, Name: name(one), Side: Both}
		i := slices.IndexFunc(b, func(other T) bool { return name(other) == c.Name })
		if i < 0 {
			c.Side = First
			all = append(all, c)
		} else if differs(one, b[i], &c) {
			all = append(all, c)
		}
	}
	for _, other := range b {
		if !slices.ContainsFunc(a, func(one T) bool { return name(one) == name(other) }) {
			all = append(all, Change{What: what, Name: name(other), Side: Second})
		}
	}
	return all
}

// add notes a detail where two values differ.
func (c *Change) add(what, a, b string) {
	if a != b {
		c.Details = append(c.Details, fmt.Sprintf("%s %s → %s", what, a, b))
	}
}

func directoryChange(a, b Directory, c *Change) bool {
	c.add("mode", a.Mode, b.Mode)
	c.add("owner", a.Owner, b.Owner)
	return len(c.Details) > 0
}

func fileChange(a, b File, c *Change) bool {
	c.add("mode", a.Mode, b.Mode)
	c.add("owner", a.Owner, b.Owner)
	c.add("kind", string(a.Kind), string(b.Kind))
	switch {
	case a.sum == b.sum:
	case a.Kind == PrivateKey && b.Kind == PrivateKey && a.PublicKey == b.PublicKey:
		c.Details = append(c.Details, "the same private key, written in another way")
	case a.Kind != b.Kind || a.Kind == PrivateKey || a.Kind == Secret:
		c.Details = append(c.Details, fmt.Sprintf("another %s: %d → %d bytes", b.Kind, a.Size, b.Size))
	case a.Kind == Certificates:
		c.Details = append(c.Details, "other certificates, see below")
	case a.Kind == Binary:
		c.Details = append(c.Details, fmt.Sprintf("other bytes: %d → %d", a.Size, b.Size))
	default:
		c.Diff = unified(a.Path, string(a.content), string(b.content))
		if c.Diff == "" {
			c.Details = append(c.Details, "a secret in it, which is not shown")
		}
	}
	return len(c.Details) > 0 || c.Diff != ""
}

// unified returns the difference of two texts after their secrets were taken out; it is empty where only those differ.
func unified(name, a, b string) string {
	return udiff.Unified("a"+name, "b"+name, redactText(a), redactText(b))
}

// namedCertificate tells the certificates of one file apart.
type namedCertificate struct {
	name string
	Certificate
}

func (r *Report) named() []namedCertificate {
	var all []namedCertificate
	count := map[string]int{}
	for _, c := range r.Certificates {
		count[c.File]++
		name := c.File
		if n := count[c.File]; n > 1 {
			name = fmt.Sprintf("%s (%d)", name, n)
		}
		all = append(all, namedCertificate{name, c})
	}
	return all
}

func certificateChange(a, b namedCertificate, c *Change) bool {
	if a.SHA256 == b.SHA256 {
		return false
	}
	c.add("subject", a.Subject, b.Subject)
	c.add("issuer", a.Issuer, b.Issuer)
	c.add("SANs", strings.Join(a.SANs, " "), strings.Join(b.SANs, " "))
	c.add("usages", strings.Join(a.Usages, " "), strings.Join(b.Usages, " "))
	c.add("valid until", a.NotAfter.String(), b.NotAfter.String())
	c.add("SHA-256", a.SHA256[:16]+"…", b.SHA256[:16]+"…")
	return true
}

func unitChange(a, b Unit, c *Change) bool {
	state := func(yes bool, word string) string {
		if yes {
			return word
		}
		return "not " + word
	}
	c.add("is", state(a.Enabled, "enabled"), state(b.Enabled, "enabled"))
	c.add("is", state(a.Started, "started"), state(b.Started, "started"))
	return len(c.Details) > 0
}

// commandChanges compares all that is run, in order, as one text. Each format has its own commands to the same end, so those of
// different ones are not compared.
func commandChanges(a, b *Report) []Change {
	if !slices.Equal(a.Formats, b.Formats) ||
		slices.EqualFunc(a.Commands, b.Commands, func(x, y Command) bool { return x.When == y.When && x.sum == y.sum }) {
		return nil
	}
	c := Change{What: "command", Name: "what is run", Side: Both}
	if c.Diff = udiff.Unified("a", "b", commandText(a.Commands), commandText(b.Commands)); c.Diff == "" {
		c.Details = []string{"a secret in it, which is not shown"}
	}
	return []Change{c}
}

func commandText(commands []Command) string {
	var out strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&out, "%s: %s\n", c.When, strings.Join(c.Command, " "))
	}
	return out.String()
}

func moduleChange(a, b Module, c *Change) bool {
	if a.sum == b.sum {
		return false
	}
	if c.Diff = udiff.Unified("a", "b", a.Text, b.Text); c.Diff == "" {
		c.Details = []string{"a secret in it, which is not shown"}
	}
	return true
}

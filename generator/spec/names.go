package spec

import (
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxName is the longest host name label, and is used for every name, so that names can be joined to file names safely.
const maxName = 63

// plainName is what names of clusters and clients are made of: they become file names, tokens and common names.
var plainName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)

// hostLabel is one part of a DNS name, by RFC 1123.
var hostLabel = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$`)

// checkName checks the name of a cluster or a client.
func (d *document) checkName(n *yaml.Node, path, name string) {
	switch {
	case name == "":
	case len(name) > maxName:
		d.tooLong(n, path, name)
	case !plainName.MatchString(name):
		d.errorf(n, "use letters, digits, '-', '.' and '_', with a letter or digit at both ends",
			"%s: %q is not a name", path, name)
	}
}

func (d *document) tooLong(n *yaml.Node, path, name string) {
	d.errorf(n, "shorten it", "%s is %d characters long, the limit is %d", path, len(name), maxName)
}

// dnsProblem says why s is not a DNS name that other hosts can dial, and what to do; "" if it is one.
func dnsProblem(s string) (problem, hint string) {
	name := strings.TrimSuffix(s, ".")
	labels := strings.Split(name, ".")
	last := labels[len(labels)-1]
	switch {
	case name != s:
		return "ends with a dot", "write it without the final dot: certificates are compared without"
	case len(name) > 253:
		return "is longer than 253 characters", "use a shorter name"
	case strings.EqualFold(last, "localhost") || strings.EqualFold(name, "localhost.localdomain"):
		return "is the host itself", "give the address or name that the other members use"
	case strings.Trim(last, "0123456789") == "":
		return "ends like an IP address, but is none", "write four numbers from 0 to 255, or a name"
	}
	for _, label := range labels {
		if !hostLabel.MatchString(label) {
			return "is neither an IP address nor a DNS name", "a DNS name has letters, digits and '-' between its dots"
		}
	}
	return "", ""
}

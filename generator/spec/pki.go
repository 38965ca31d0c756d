package spec

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// checkPKI checks what can be checked without opening any file.
func (d *document) checkPKI(p *PKI) {
	d.checkKey(p.Key)
	d.checkLifetimes(p)
	d.checkSubject(p.Subject)
	if p.SingleCA && p.PeerCA != nil {
		d.errorf(d.node("pki", "peer_ca"), "remove one of the two",
			"pki.peer_ca contradicts pki.single_ca: there is one CA or there are two")
	}
	d.checkCFSSL(p.CFSSL)
}

func (d *document) checkKey(k Key) {
	sizes := map[string][]int{"ecdsa": {256, 384}, "rsa": {2048, 3072, 4096}}[k.Algorithm]
	n := d.node("pki", "key", "size")
	if k.Size == 0 || sizes == nil || d.bad[n] || slices.Contains(sizes, k.Size) {
		return
	}
	var words []string
	for _, s := range sizes {
		words = append(words, fmt.Sprint(s))
	}
	d.errorf(n, "choose "+either(words), "pki.key.size: %s has no keys of %d bits", k.Algorithm, k.Size)
}

func (d *document) checkLifetimes(p *PKI) {
	ca, leaf := d.node("pki", "ca_lifetime"), d.node("pki", "leaf_lifetime")
	switch {
	case p.CALifetime == 0:
		d.errorf(ca, "give a time, for example 10y", "pki.ca_lifetime is zero")
	case p.LeafLifetime == 0:
		d.errorf(leaf, "give a time, for example 1y", "pki.leaf_lifetime is zero")
	case p.LeafLifetime > p.CALifetime:
		n := leaf
		if !d.has("pki", "leaf_lifetime") {
			n = ca
		}
		d.errorf(n, "make pki.leaf_lifetime shorter or pki.ca_lifetime longer",
			"certificates that are valid for %s outlive their CA, which is valid for %s", p.LeafLifetime, p.CALifetime)
	}
}

// checkSubject keeps to the upper bounds of RFC 5280, appendix A.
func (d *document) checkSubject(s Subject) {
	if s.Country != "" && !countryCode(s.Country) {
		d.errorf(d.node("pki", "subject", "country"), "write its ISO 3166 code, for example NL",
			"pki.subject.country: %q is not two letters", s.Country)
	}
	d.checkLength(s.State, 128, "pki", "subject", "state")
	d.checkLength(s.Locality, 128, "pki", "subject", "locality")
	d.checkLength(s.Organization, 64, "pki", "subject", "organization")
	d.checkLength(s.OrganizationalUnit, 64, "pki", "subject", "organizational_unit")
}

func countryCode(s string) bool {
	return len(s) == 2 && strings.Trim(strings.ToUpper(s), "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// checkLength checks the part of a distinguished name that is at a path of the file.
func (d *document) checkLength(value string, limit int, path ...any) {
	if n := utf8.RuneCountInString(value); n > limit {
		d.errorf(d.node(path...), "shorten it", "%v is %d characters long, a certificate holds %d", path[len(path)-1], n, limit)
	}
}

// checkCFSSL refuses a profile of nothing, and warns of values that cfssl's files overrule.
func (d *document) checkCFSSL(f CFSSLFiles) {
	if f.Profile != "" && f.Config == "" && !d.bad[d.node("pki", "cfssl", "config")] {
		d.errorf(d.node("pki", "cfssl", "profile"), "add pki.cfssl.config: ca-config.json",
			"pki.cfssl.profile is a profile of no file")
	}
	for _, overruled := range []struct{ key, file, by string }{
		{"leaf_lifetime", f.Config, "config"}, {"key", f.CSR, "csr"}, {"subject", f.CSR, "csr"},
	} {
		if overruled.file != "" && d.has("pki", overruled.key) {
			d.warnf(d.node("pki", overruled.key), "remove one of the two",
				"pki.%s has no effect: pki.cfssl.%s decides", overruled.key, overruled.by)
		}
	}
}

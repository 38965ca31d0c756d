package pki

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/cloudflare/cfssl/config"
	"github.com/cloudflare/cfssl/csr"
	cferr "github.com/cloudflare/cfssl/errors"

	"github.com/etcdbake/etcdbake/generator/spec"
)

// The cfssl signing profiles of leaves. Members' leaves need both usages: peers dial each other with the certificate that
// they serve, and etcd's JSON gateway dials its own server with the server certificate.
const (
	memberProfile = "member"
	clientProfile = "client"
)

const (
	serverAuth = "server auth"
	clientAuth = "client auth"
)

// settings is how certificates are issued: the spec with the tutorial's cfssl files applied. Where a cfssl file is given,
// what it says wins over the spec: the spec's fields have defaults, and somebody who names a file means it.
type settings struct {
	key          csr.KeyRequest
	names        []csr.Name
	caLifetime   time.Duration
	leafLifetime time.Duration
	backdate     time.Duration
	notBefore    time.Time // fixed by ca-config.json, else zero
	notAfter     time.Time
	profiles     map[string]*config.SigningProfile
	// notes are told only in a run that issues something.
	notes []string
}

func newSettings(p spec.PKI) (*settings, error) {
	s := &settings{
		key:          csr.KeyRequest{A: p.Key.Algorithm, S: p.Key.Size},
		names:        subjectNames(p.Subject),
		caLifetime:   time.Duration(p.CALifetime),
		leafLifetime: time.Duration(p.LeafLifetime),
		backdate:     time.Duration(p.Backdate),
	}
	if p.CFSSL.CSR != "" {
		if err := s.readCSR(p.CFSSL.CSR); err != nil {
			return nil, err
		}
	}
	profile := &config.SigningProfile{Usage: []string{"digital signature", serverAuth, clientAuth}}
	if s.key.A == "rsa" {
		profile.Usage = append(profile.Usage, "key encipherment")
	}
	if p.CFSSL.Config != "" {
		var err error
		if profile, err = s.readConfig(p.CFSSL.Config, p.CFSSL.Profile); err != nil {
			return nil, err
		}
	}
	s.setProfiles(profile)
	return s, nil
}

// setProfiles derives both profiles from one: clients get no other extended usage than clientAuth.
func (s *settings) setProfiles(profile *config.SigningProfile) {
	// The signer takes validity from each request, but wants an expiry in a profile.
	profile.Expiry = s.leafLifetime
	client := *profile
	client.Usage = slices.DeleteFunc(slices.Clone(profile.Usage), func(u string) bool {
		_, extended := config.ExtKeyUsage[u]
		return extended && u != clientAuth
	})
	s.profiles = map[string]*config.SigningProfile{memberProfile: profile, clientProfile: &client}
}

func subjectNames(s spec.Subject) []csr.Name {
	if s == (spec.Subject{}) {
		return nil
	}
	return []csr.Name{{C: s.Country, ST: s.State, L: s.Locality, O: s.Organization, OU: s.OrganizationalUnit}}
}

// readCSR takes names and key from a cfssl csr.json.
func (s *settings) readCSR(path string) error {
	content, err := readFile(path)
	if err != nil {
		return invalid("pki.cfssl.csr: %w", err)
	}
	var req csr.CertificateRequest
	if err := json.Unmarshal(content, &req); err != nil {
		return invalid("pki.cfssl.csr: %s: %w", path, err)
	}
	if len(req.Names) > 0 {
		s.names = req.Names
	}
	if k := req.KeyRequest; k != nil {
		allowed := map[string][]int{"ecdsa": {256, 384}, "rsa": {2048, 3072, 4096}}
		if !slices.Contains(allowed[k.A], k.S) {
			return invalid("pki.cfssl.csr: %s: key %q of size %d is not one of ecdsa 256, 384 and rsa 2048, 3072, 4096",
				path, k.A, k.S)
		}
		s.key = *k
	}
	if req.CN != "" || len(req.Hosts) > 0 {
		s.notes = append(s.notes, path+": only names and key are used, since every certificate has its own CN and hosts")
	}
	return nil
}

// readConfig takes usages, lifetime and backdate from a profile of a cfssl ca-config.json; name "" is its default.
func (s *settings) readConfig(path, name string) (*config.SigningProfile, error) {
	content, err := readFile(path)
	if err != nil {
		return nil, invalid("pki.cfssl.config: %w", err)
	}
	conf, err := config.LoadConfig(content)
	if err != nil {
		return nil, invalid("pki.cfssl.config: %s is not a cfssl signing configuration: %s", path, message(err))
	}
	profile := conf.Signing.Default
	if name != "" {
		if profile = conf.Signing.Profiles[name]; profile == nil {
			return nil, invalid("pki.cfssl.profile: %s has no profile %q, but: %s", path, name,
				strings.Join(slices.Sorted(maps.Keys(conf.Signing.Profiles)), ", "))
		}
	}
	if err := checkProfile(profile); err != nil {
		return nil, invalid("pki.cfssl.config: %s: profile %q %w", path, cmp.Or(name, "default"), err)
	}
	s.leafLifetime = profile.Expiry
	if profile.Backdate != 0 {
		s.backdate = profile.Backdate
	}
	s.notBefore, s.notAfter = profile.NotBefore, profile.NotAfter
	return profile, nil
}

// checkProfile refuses a profile that cannot make leaves for etcd here, offline.
func checkProfile(p *config.SigningProfile) error {
	_, _, unknown := p.Usages()
	switch {
	case len(unknown) > 0:
		return fmt.Errorf("has usages that cfssl does not know: %s", strings.Join(unknown, ", "))
	case !slices.Contains(p.Usage, serverAuth), !slices.Contains(p.Usage, clientAuth):
		return errors.New(`must have both "server auth" and "client auth" in usages: ` +
			"etcd members dial each other, and etcd's gateway its own server, with the certificate that they serve")
	case p.CAConstraint.IsCA:
		return errors.New("makes CAs (ca_constraint.is_ca): choose one for leaves")
	case p.RemoteName != "", p.AuthRemote.RemoteName != "", len(p.CTLogServers) > 0:
		return errors.New("sends requests over the network (remote, auth_remote or ct_log_servers): choose one that signs here")
	}
	return nil
}

// message is an error of cfssl in words alone; its text is JSON otherwise.
func message(err error) string {
	var cf *cferr.Error
	if errors.As(err, &cf) {
		return cf.Message
	}
	return err.Error()
}

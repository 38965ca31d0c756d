package generator

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/plan"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// encodeExpectation returns expect.json: what etcd-verify holds the running cluster to. hosts are in the spec's order;
// programs are those of the given releases, by architecture.
func encodeExpectation(
	c *spec.Cluster, bundle *pki.Bundle, hosts []plan.Host, programs map[string][]plan.File,
) ([]byte, error) {
	expectation := expect.Cluster{
		Schema:      expect.Schema,
		Name:        c.Name,
		Token:       c.Name,
		EtcdVersion: c.Etcd.Version,
		CA:          certificate(bundle.CA.Cert),
		PeerCA:      certificate(bundle.PeerCA.Cert),
		Settings:    plan.SharedSettings(c),
	}
	for i, m := range c.Members {
		identity := bundle.Members[m.Name]
		member := expect.Member{
			Name:       m.Name,
			PeerURLs:   []string{plan.PeerURL(m)},
			ClientURLs: []string{plan.ClientURL(m)},
			Server:     certificate(identity.Server.Cert),
			Peer:       certificate(identity.Peer.Cert),
		}
		expectHost(&member, c, hosts[i], programs[m.Arch])
		expectation.Members = append(expectation.Members, member)
	}
	for _, name := range slices.Sorted(maps.Keys(bundle.Clients)) {
		expectation.Clients = append(expectation.Clients, expect.Client{
			Name:        name,
			Certificate: certificate(bundle.Clients[name].Cert),
		})
	}
	out, err := json.MarshalIndent(expectation, "", "  ")
	return append(out, '\n'), err
}

func certificate(cert *x509.Certificate) expect.Certificate {
	digest := sha256.Sum256(cert.Raw)
	return expect.Certificate{
		SHA256:    hex.EncodeToString(digest[:]),
		NotBefore: cert.NotBefore.UTC(),
		NotAfter:  cert.NotAfter.UTC(),
	}
}

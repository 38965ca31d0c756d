package generator

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"

	"github.com/tidwall/pretty"

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
		CA:          certificate(bundle.CA.Facts),
		PeerCA:      certificate(bundle.PeerCA.Facts),
		Settings:    plan.SharedSettings(c),
	}
	for i, m := range c.Members {
		identity := bundle.Members[m.Name]
		member := expect.Member{
			Name:       m.Name,
			PeerURLs:   []string{plan.PeerURL(m)},
			ClientURLs: []string{plan.ClientURL(m)},
			Server:     certificate(identity.Server.Facts),
			Peer:       certificate(identity.Peer.Facts),
		}
		expectHost(&member, c, hosts[i], programs[m.Arch])
		expectation.Members = append(expectation.Members, member)
	}
	for _, name := range slices.Sorted(maps.Keys(bundle.Clients)) {
		expectation.Clients = append(expectation.Clients, expect.Client{
			Name:        name,
			Certificate: certificate(bundle.Clients[name].Facts),
		})
	}
	out, err := json.Marshal(expectation)
	return pretty.PrettyOptions(out, &pretty.Options{Indent: "  "}), err // as json.MarshalIndent, which takes several times as long
}

func certificate(of pki.Facts) expect.Certificate {
	return expect.Certificate{SHA256: hex.EncodeToString(of.SHA256[:]), NotBefore: of.NotBefore, NotAfter: of.NotAfter}
}

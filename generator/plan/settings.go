package plan

import (
	"maps"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/templates"
)

// Ports of etcd, as registered with IANA.
const (
	clientPort = "2379"
	peerPort   = "2380"
)

// listenHost is the wildcard address, since a cloud may translate the address that is advertised, and a member may have
// several; every connection needs a client certificate. etcd listens as Go's net.Listen does, for which the wildcards of both
// families are the same: it takes IPv4, and IPv6 where the host has it (see test/listen).
const listenHost = "0.0.0.0"

// Setting is one line of etcd.conf: Key is the environment variable, Value is not quoted yet.
type Setting struct{ Key, Value string }

// String is the line itself.
func (s Setting) String() string { return s.Key + "=" + templates.EnvQuote(s.Value) }

// Section is a group of settings that are the same on every member.
type Section struct {
	Title    string
	Settings []Setting
}

// ClientURL is where the member's clients reach it.
func ClientURL(m spec.Member) string { return "https://" + net.JoinHostPort(m.Dialled(), clientPort) }

// PeerURL is where the other members reach it.
func PeerURL(m spec.Member) string { return "https://" + net.JoinHostPort(m.Address, peerPort) }

// memberSettings are the member's own.
func memberSettings(m spec.Member) []Setting {
	return []Setting{
		{"ETCD_NAME", m.Name},
		{"ETCD_DATA_DIR", dataDir},
		{"ETCD_LISTEN_CLIENT_URLS", "https://" + net.JoinHostPort(listenHost, clientPort)},
		{"ETCD_ADVERTISE_CLIENT_URLS", ClientURL(m)},
		{"ETCD_LISTEN_PEER_URLS", "https://" + net.JoinHostPort(listenHost, peerPort)},
		{"ETCD_INITIAL_ADVERTISE_PEER_URLS", PeerURL(m)},
	}
}

// SharedSettings returns the lines of etcd.conf that are the same on every member, by environment variable.
func SharedSettings(c *spec.Cluster) map[string]string {
	shared := map[string]string{}
	for _, section := range sharedSettings(c) {
		for _, s := range section.Settings {
			shared[s.Key] = s.Value
		}
	}
	return shared
}

func sharedSettings(c *spec.Cluster) []Section {
	sections := []Section{
		{"The cluster at the first start", []Setting{
			{"ETCD_INITIAL_CLUSTER", initialCluster(c)},
			{"ETCD_INITIAL_CLUSTER_TOKEN", c.Name},
			{"ETCD_INITIAL_CLUSTER_STATE", c.InitialClusterState},
		}},
		{"TLS", []Setting{
			{"ETCD_TRUSTED_CA_FILE", caPath},
			{"ETCD_CERT_FILE", serverCertPath},
			{"ETCD_KEY_FILE", serverKeyPath},
			{"ETCD_CLIENT_CERT_AUTH", "true"},
			{"ETCD_PEER_TRUSTED_CA_FILE", peerCAPath},
			{"ETCD_PEER_CERT_FILE", peerCertPath},
			{"ETCD_PEER_KEY_FILE", peerKeyPath},
			{"ETCD_PEER_CLIENT_CERT_AUTH", "true"},
		}},
		{"Tuning", tuning(c.Tuning)},
	}
	return append(sections, Section{"Further settings", furtherSettings(c)})
}

func tuning(t spec.Tuning) []Setting {
	settings := []Setting{
		{"ETCD_HEARTBEAT_INTERVAL", milliseconds(t.HeartbeatInterval)},
		{"ETCD_ELECTION_TIMEOUT", milliseconds(t.ElectionTimeout)},
		{"ETCD_SNAPSHOT_COUNT", strconv.Itoa(t.SnapshotCount)},
		{"ETCD_QUOTA_BACKEND_BYTES", strconv.FormatUint(uint64(t.QuotaBackend), 10)},
	}
	if t.AutoCompaction.Retention != "" {
		settings = append(settings,
			Setting{"ETCD_AUTO_COMPACTION_MODE", t.AutoCompaction.Mode},
			Setting{"ETCD_AUTO_COMPACTION_RETENTION", t.AutoCompaction.Retention})
	}
	return settings
}

// furtherSettings are the spec's own ones, by name, and the check for a corrupt database before a member serves: it is off
// by default in etcd, and has another name since 3.6 (https://etcd.io/docs/v3.6/feature-gates/).
func furtherSettings(c *spec.Cluster) []Setting {
	byKey := map[string]string{}
	for flag, value := range c.Tuning.Settings {
		byKey[envName(flag)] = value
	}
	if strings.HasPrefix(c.Etcd.Version, "3.5.") {
		setDefault(byKey, "ETCD_EXPERIMENTAL_INITIAL_CORRUPT_CHECK", "true")
	} else {
		const gate, key = "InitialCorruptCheck", "ETCD_FEATURE_GATES"
		if gates := byKey[key]; gates == "" {
			byKey[key] = gate + "=true"
		} else if !strings.Contains(gates, gate+"=") {
			byKey[key] = gates + "," + gate + "=true"
		}
	}
	var settings []Setting
	for _, key := range slices.Sorted(maps.Keys(byKey)) {
		settings = append(settings, Setting{key, byKey[key]})
	}
	return settings
}

func setDefault(settings map[string]string, key, value string) {
	if _, given := settings[key]; !given {
		settings[key] = value
	}
}

// envName is how etcd names a flag's environment variable (pkg/flags, FlagToEnv).
func envName(flag string) string {
	return "ETCD_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func initialCluster(c *spec.Cluster) string {
	var members []string
	for _, m := range c.Members {
		members = append(members, m.Name+"="+PeerURL(m))
	}
	return strings.Join(members, ",")
}

func milliseconds(d spec.Duration) string {
	return strconv.FormatInt(time.Duration(d).Milliseconds(), 10)
}

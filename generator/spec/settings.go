package spec

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// checkSettings checks tuning.settings: flags of the chosen etcd minor that etcdbake does not decide itself, by flag name.
func (d *document) checkSettings(etcd Etcd) {
	settings := d.node("tuning", "settings")
	if !d.has("tuning", "settings") || settings.Kind != yaml.MappingNode {
		return
	}
	minor := "" // where there is none that could be checked against
	if !d.bad[d.node("etcd", "version")] && versionForm.MatchString(etcd.Version) && slices.Contains(minors(), etcd.Minor()) {
		minor = etcd.Minor()
	}
	for i := 0; i < len(settings.Content); i += 2 {
		key, value := settings.Content[i], settings.Content[i+1]
		if d.checkSpelling(key) && d.checkOwner(key) && minor != "" && d.checkFlag(key, minor) && !d.bad[value] {
			d.checkValue(value, key.Value, minor)
		}
	}
}

// checkSpelling accepts one spelling of a flag: max-txn-ops, not --max-txn-ops and not ETCD_MAX_TXN_OPS. With several, one
// flag could be given twice, and etcd stops at that.
func (d *document) checkSpelling(key *yaml.Node) bool {
	name := strings.TrimPrefix(strings.ToLower(strings.TrimLeft(key.Value, "-")), "etcd_")
	name = strings.ReplaceAll(name, "_", "-")
	if name == key.Value {
		return true
	}
	hint := "write " + name
	if instead, ok := owner(name); ok {
		hint = instead
	} else if allFlags()[key.Value].kind == "gate" {
		hint = fmt.Sprintf("write feature-gates: %s=true", key.Value)
	}
	d.errorf(key, hint,
		"%q is not the name of an etcd flag: they are like max-txn-ops, without dashes before", key.Value)
	return false
}

// checkOwner refuses flags that etcdbake sets itself, or that must not be set.
func (d *document) checkOwner(key *yaml.Node) bool {
	instead, owned := owner(key.Value)
	if owned {
		d.errorf(key, instead, "%q is not a free setting", key.Value)
	}
	return !owned
}

// owner tells whether a flag cannot be a setting, and what to do instead.
func owner(name string) (instead string, owned bool) {
	for _, family := range []string{"discovery", "proxy"} {
		if strings.HasPrefix(name, family+"-") {
			name = family
		}
	}
	instead, owned = ownedFlags[name]
	return instead, owned
}

// ownedFlags are flags that cannot be settings, and what to do instead.
var ownedFlags = map[string]string{
	"name":                        "it is the member's name",
	"data-dir":                    "remove it: the data directory is /var/lib/etcd",
	"wal-dir":                     "remove it: the WAL is in the data directory, /var/lib/etcd",
	"config-file":                 "remove it: with a config file, etcd would ignore everything else in the spec",
	"version":                     "it is etcd.version",
	"listen-peer-urls":            "it comes from members[].address",
	"listen-client-urls":          "it comes from members[].address",
	"listen-client-http-urls":     "remove it: the client port serves both",
	"advertise-client-urls":       "it comes from members[].address",
	"initial-advertise-peer-urls": "it comes from members[].address",
	"initial-cluster":             "it comes from members",
	"initial-cluster-state":       "use initial_cluster_state",
	"initial-cluster-token":       "it is the cluster's name",
	"discovery":                   "remove it: every member knows all others from members",
	"proxy":                       "remove it: members are never proxies, and etcd 3.6 has no proxy mode",
	"force-new-cluster":           "remove it: at each start it would make the member a cluster of its own; restore a snapshot instead",
	"cert-file":                   "etcdbake makes the certificates: see pki",
	"key-file":                    "etcdbake makes the certificates: see pki",
	"client-cert-file":            "etcdbake makes the certificates: see pki",
	"client-key-file":             "etcdbake makes the certificates: see pki",
	"trusted-ca-file":             "use pki.ca",
	"peer-cert-file":              "etcdbake makes the certificates: see pki",
	"peer-key-file":               "etcdbake makes the certificates: see pki",
	"peer-client-cert-file":       "etcdbake makes the certificates: see pki",
	"peer-client-key-file":        "etcdbake makes the certificates: see pki",
	"peer-trusted-ca-file":        "use pki.peer_ca",
	"client-cert-auth":            "remove it: it is always on",
	"peer-client-cert-auth":       "remove it: it is always on",
	"auto-tls":                    "remove it: etcdbake makes real certificates",
	"peer-auto-tls":               "remove it: etcdbake makes real certificates",
	"self-signed-cert-validity":   "use pki.leaf_lifetime",
	"quota-backend-bytes":         "use tuning.quota_backend",
	"auto-compaction-mode":        "use tuning.auto_compaction",
	"auto-compaction-retention":   "use tuning.auto_compaction",
	"heartbeat-interval":          "use tuning.heartbeat_interval",
	"election-timeout":            "use tuning.election_timeout",
	"snapshot-count":              "use tuning.snapshot_count",
}

// checkFlag checks that the minor has the flag. A flag that is on its way out is a warning.
func (d *document) checkFlag(key *yaml.Node, minor string) bool {
	name := key.Value
	f, known := allFlags()[name]
	switch {
	case !known || f.kind == "gate":
		d.errorf(key, didYouMeanFlag(name, minor), "etcd %s has no setting %q", minor, name)
		return false
	case slices.Contains(f.minors, minor):
		if strings.HasPrefix(name, "experimental-") && minor != "3.5" {
			d.warnf(key, replacement(name, minor), "etcd %s warns of %q: etcd 3.7 has removed it", minor, name)
		}
		return true
	case minor < f.minors[0]:
		d.errorf(key, older(name, minor), "etcd %s has no setting %q: it came with etcd %s", minor, name, f.minors[0])
	default:
		last := f.minors[len(f.minors)-1]
		d.errorf(key, replacement(name, minor), "etcd %s has no setting %q: etcd %s was the last to have it", minor, name, last)
	}
	return false
}

func didYouMeanFlag(name, minor string) string {
	if w := closest(name, flagNames(minor, false)); w != "" {
		return fmt.Sprintf("did you mean %q?", w)
	}
	return "see etcd --help for the flags that there are"
}

// replacement says what does the work of a flag that etcd has removed.
func replacement(name, minor string) string {
	plain := strings.TrimPrefix(name, "experimental-")
	if slices.Contains(allFlags()[plain].minors, minor) {
		return "use " + plain
	}
	if gate := gateOf[name]; slices.Contains(allFlags()[gate].minors, minor) {
		return fmt.Sprintf("use feature-gates: %s=true", gate)
	}
	return "remove it: nothing has taken its place"
}

// gateOf has the flags that became feature gates in etcd 3.6 (features.ExperimentalFlagToFeatureMap there).
var gateOf = map[string]string{
	"experimental-stop-grpc-service-on-defrag":       "StopGRPCServiceOnDefrag",
	"experimental-initial-corrupt-check":             "InitialCorruptCheck",
	"experimental-compact-hash-check-enabled":        "CompactHashCheck",
	"experimental-txn-mode-write-with-shared-buffer": "TxnModeWriteWithSharedBuffer",
	"experimental-enable-lease-checkpoint":           "LeaseCheckpoint",
	"experimental-enable-lease-checkpoint-persist":   "LeaseCheckpointPersist",
}

// older says what an etcd that does not have a flag yet has in its place.
func older(name, minor string) string {
	if old := "experimental-" + name; slices.Contains(allFlags()[old].minors, minor) {
		return "use " + old
	}
	return "remove it, or use a newer etcd"
}

// checkValue checks a value by the kind of its flag.
func (d *document) checkValue(n *yaml.Node, name, minor string) {
	switch f := allFlags()[name]; {
	case !f.takes(n.Value):
		d.errorf(n, "write "+f.example(), "tuning.settings.%s: etcd does not take %q", name, n.Value)
	case name == "feature-gates":
		d.checkGates(n, minor)
	case name == "unsafe-no-fsync":
		d.warnf(n, "keep it to test clusters", "unsafe-no-fsync loses data when a host loses power")
	}
}

// checkGates checks a list of feature gates: "InitialCorruptCheck=true,CompactHashCheck=true".
func (d *document) checkGates(n *yaml.Node, minor string) {
	names := flagNames(minor, true)
	for gate := range strings.SplitSeq(n.Value, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(gate), "=")
		switch {
		case !slices.Contains(names, name):
			d.errorf(n, didYouMean(name, names, "the gates are"), "etcd %s has no feature gate %q", minor, name)
		case !(setting{kind: "bool"}).takes(strings.TrimSpace(value)):
			d.errorf(n, fmt.Sprintf("write %s=true", name), "feature gate %s is neither true nor false: %q", name, value)
		}
	}
}

package checks

import (
	"errors"
	"time"
)

// Limits are the thresholds of checks. DefaultLimits says where each comes from.
type Limits struct {
	// Fsync, Commit and PeerRTT are what 99 % of log fsyncs, database commits and round trips between peers may take.
	Fsync, Commit, PeerRTT time.Duration
	// MinSamples is how many measurements a latency needs to be judged.
	MinSamples uint64
	// QuotaWarn and QuotaFail are shares of the quota, from 0 to 1, that the database may reach.
	QuotaWarn, QuotaFail float64
	// InUse is the least share of a database file that may be in use, once it is larger than InUseFrom bytes.
	InUse     float64
	InUseFrom int64
	// LeaderChanges is how many changes of the leader a quarter of an hour may see.
	LeaderChanges uint64
	// Skew is how far a member's clock may be from ours.
	Skew time.Duration
	// Lag is how many entries a member may be behind.
	Lag uint64
	// Renew is how long before its end a certificate is warned of; at a third of a life that is shorter than three times this.
	Renew time.Duration
}

// Validate refuses limits that nothing or everything would pass.
func (l Limits) Validate() error {
	switch {
	case l.Fsync <= 0, l.Commit <= 0, l.PeerRTT <= 0, l.Skew <= 0:
		return errors.New("the limits of fsync, commit, round trip and clock skew must be positive")
	case l.QuotaWarn <= 0, l.QuotaWarn > 1, l.QuotaFail <= 0, l.QuotaFail > 1, l.InUse < 0, l.InUse > 1:
		return errors.New("limits of the quota and of what is in use are shares: above 0, and at most 1")
	case l.Renew < 0:
		return errors.New("the time before a certificate's end must not be negative")
	}
	return nil
}

// DefaultLimits are upstream's advice where it gives any.
func DefaultLimits() Limits {
	return Limits{
		Fsync:         10 * time.Millisecond,  // etcd.io FAQ: "p99 duration should be less than 10ms"
		Commit:        25 * time.Millisecond,  // etcd.io FAQ: "p99 duration should be less than 25ms"
		PeerRTT:       100 * time.Millisecond, // etcd.io tuning: the heartbeat (100 ms) should be about the round trip
		MinSamples:    500,                    // below this the 99th percentile is five outliers of first boot
		QuotaWarn:     0.80,                   // a margin to act in before the next
		QuotaFail:     0.95,                   // etcd mixin: etcdDatabaseQuotaLowSpace
		InUse:         0.50,                   // etcd mixin: etcdDatabaseHighFragmentationRatio, above 100 MiB
		InUseFrom:     100 << 20,
		LeaderChanges: 4,                   // etcd mixin: etcdHighNumberOfLeaderChanges
		Skew:          2 * time.Second,     // beyond the one-second resolution of an HTTP date
		Lag:           1000,                // etcd refuses proposals at 5000
		Renew:         30 * 24 * time.Hour, // ours: a month to act in
	}
}

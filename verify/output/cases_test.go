package output_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/etcdbake/etcdbake/verify/report"
)

// noon is when every case was looked at.
var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// cases are the reports that every format is shown with.
func cases() map[string]*report.Report {
	return map[string]*report.Report{
		"pass": passing(), "warn": warning(false), "strict": warning(true), "fail": failing(), "undetermined": undetermined(),
		"hostile": hostile(),
	}
}

// passing is a healthy cluster of three.
func passing() *report.Report {
	r := &report.Report{
		Schema: report.Schema, Cluster: "k8s-etcd", ClusterID: report.ID(0xcdf818194e3a8c32), StartedAt: noon, TookMS: 31,
	}
	for i := range 3 {
		r.Members = append(r.Members, member(i))
		m := r.Members[i]
		r.Results = append(r.Results,
			on(m, "reach", "endpoint", "answers in 410µs"),
			on(m, "identity", "server certificate: fingerprint", m.Server.SHA256),
			on(m, "identity", "server certificate: validity", "2026-10-02 00:00 UTC to 2027-10-02 00:00 UTC"),
			on(m, "identity", "peer certificate: validity", "2026-10-02 00:00 UTC to 2027-10-02 00:00 UTC"),
			on(m, "closed", "client port: no certificate", "refused"),
			on(m, "membership", "cluster ID", r.ClusterID),
			on(m, "health", "version", m.Version),
			on(m, "health", "fsync of the log", "99 % within 4ms, of 12841"),
			skip(on(m, "health", "round trip to peers", "17 samples are too few, 500 are wanted")))
	}
	r.Results = append(r.Results,
		report.Result{Check: "consensus", Subject: "quorum", Verdict: report.Pass, Seen: "3 of 3 members answer"},
		report.Result{Check: "consensus", Subject: "leader", Verdict: report.Pass, Seen: "master1 in term 2"})
	return judged(r)
}

func member(i int) report.Member {
	name := fmt.Sprintf("master%d", i+1)
	id := report.ID(0x8e9e05c52164694d + uint64(i)<<40)
	certificate := func(kind string) *report.Certificate {
		begin := noon.AddDate(0, 0, -30).Truncate(24 * time.Hour)
		return &report.Certificate{Subject: "CN=" + name + ",OU=" + kind, SHA256: strings.Repeat(fmt.Sprintf("%x%d", len(kind), i), 32),
			NotBefore: begin, NotAfter: begin.AddDate(1, 0, 0)}
	}
	return report.Member{
		Endpoint: fmt.Sprintf("https://10.140.0.%d:2379", i+2), Name: name, ID: id, Version: "3.6.14",
		DBSizeBytes: 912 << 20, DBInUseBytes: 603 << 20, QuotaBytes: 8 << 30, Leader: i == 0, LeaderID: report.ID(0x8e9e05c52164694d),
		RaftTerm: 2, RaftIndex: 184029 + uint64(i), AppliedIndex: 184029, RoundTripMicros: int64(410 + 230*i*i),
		Fsync:   &report.Latency{Samples: 12841, P99Micros: 4000, LimitMicros: 10000, Judged: true},
		Commit:  &report.Latency{Samples: 3211, P99Micros: 8000, LimitMicros: 25000, Judged: true},
		PeerRTT: &report.Latency{Samples: 17, P99Micros: 1600, LimitMicros: 100000},
		Server:  certificate("server"), Peer: certificate("peer"),
	}
}

func on(m report.Member, check, subject, seen string) report.Result {
	return report.Result{Check: check, Member: m.Name, Endpoint: m.Endpoint, Subject: subject, Verdict: report.Pass, Seen: seen}
}

func skip(x report.Result) report.Result {
	x.Verdict = report.Skip
	return x
}

func judged(r *report.Report) *report.Report {
	r.Verdict = report.Judge(r.Results, r.Strict)
	return r
}

// put puts results in the place of those about the same thing.
func put(r *report.Report, results ...report.Result) {
	for _, x := range results {
		i := slices.IndexFunc(r.Results, func(y report.Result) bool {
			return x.Check == y.Check && x.Member == y.Member && x.Subject == y.Subject
		})
		if i < 0 {
			r.Results = append(r.Results, x)
		} else {
			r.Results[i] = x
		}
	}
}

// warning has a disk that is too slow, and a certificate that ends soon.
func warning(strict bool) *report.Report {
	r := passing()
	r.Strict = strict
	r.Members[2].Fsync.P99Micros = 32000
	r.Members[1].Server.NotAfter = noon.AddDate(0, 0, 12)
	put(r,
		report.Result{
			Check: "health", Member: "master3", Endpoint: r.Members[2].Endpoint, Subject: "fsync of the log", Verdict: report.Warn,
			Expected: "99 % within 10ms", Seen: "99 % within 32ms, of 12841",
			Hint: "its disk is too slow for etcd: use local SSDs, and nothing else on them",
		},
		report.Result{
			Check: "identity", Member: "master2", Endpoint: r.Members[1].Endpoint, Subject: "server certificate: validity",
			Verdict: report.Warn, Expected: "valid for 30 days more", Seen: "ends in 12 days, 2026-11-13 12:00 UTC",
			Hint: "issue it again: etcdbake generate --renew, and replace it on the host by rename",
		})
	return judged(r)
}

// failing has a member that does not answer and so no tolerance, an expired certificate, and a verdict of every kind.
func failing() *report.Report {
	r := warning(false)
	down := &r.Members[1]
	*down = report.Member{Endpoint: down.Endpoint, Name: down.Name,
		Errors: []string{"connection refused: nothing listens on 10.140.0.3:2379"}}
	r.Members[2].Peer.NotAfter = noon.AddDate(0, 0, -3)
	r.Results = report.Select(r.Results, func(x report.Result) bool { return x.Member != down.Name })
	put(r,
		report.Result{
			Check: "reach", Member: down.Name, Endpoint: down.Endpoint, Subject: "endpoint", Verdict: report.Fail, Heals: true,
			Expected: "an answer", Seen: "TCP: connection refused: nothing listens on 10.140.0.3:2379",
			Evidence: "dial tcp 10.140.0.3:2379: connect: connection refused",
			Hint:     "on the host: systemctl status etcd; journalctl -u etcd; has first boot finished?",
		},
		report.Result{
			Check: "identity", Member: "master3", Endpoint: r.Members[2].Endpoint, Subject: "peer certificate: validity",
			Verdict: report.Fail, Expected: "a certificate that is valid now", Seen: "expired 3 days ago, 2026-10-29 12:00 UTC",
			Hint: "issue it again and replace it on the host by rename",
		},
		skip(report.Result{Check: "health", Member: down.Name, Endpoint: down.Endpoint, Subject: "health", Seen: "no answer: see reach"}),
		report.Result{Check: "closed", Member: "master3", Endpoint: r.Members[2].Endpoint, Subject: "peer port: plaintext",
			Verdict: report.Undetermined, Seen: "no answer", Hint: "silence is no refusal: is there a firewall in between?"},
		report.Result{Check: "consensus", Subject: "tolerance", Verdict: report.Warn, Expected: "survives the loss of 1",
			Seen: "survives the loss of 0 more of 3 members", Hint: "bring back the members that do not answer", Heals: true})
	for _, alarm := range []string{"NOSPACE", "CORRUPT"} {
		r.Results = append(r.Results, report.Result{Check: "health", Member: "master3", Subject: "alarm", Verdict: report.Fail,
			Expected: "no alarm", Seen: alarm, Hint: "etcdctl alarm disarm, once the reason is gone"})
	}
	return judged(r)
}

// undetermined is what is told when nobody accepts our certificate.
func undetermined() *report.Report {
	r := &report.Report{Schema: report.Schema, StartedAt: noon, TookMS: 58}
	for i := range 3 {
		m := member(i)
		m = report.Member{Endpoint: m.Endpoint, Name: m.Endpoint[8:], Server: m.Server, Peer: m.Peer,
			Errors: []string{"it refuses our certificate: unknown certificate authority"}}
		r.Members = append(r.Members, m)
		r.Results = append(r.Results, report.Result{
			Check: "reach", Member: m.Name, Endpoint: m.Endpoint, Subject: "endpoint", Verdict: report.Undetermined,
			Seen:     "TLS: it refuses our certificate: unknown certificate authority",
			Evidence: "remote error: tls: unknown certificate authority",
			Hint:     "no member accepts the given client certificate: is --cert from the CA that the cluster trusts?",
		}, skip(on(m, "health", "health", "no answer: see reach")))
	}
	return judged(r)
}

// evil is what a server may put into each of its strings.
const evil = "a\"b'c</script><script>alert(1)</script>&<!--]]>\x1b[31m\x00" +
	"\r\n::error::x%0A|'=\u202eevil#\\\u2028\ufffe\xff `${x}` {{.}}"

// hostile is a cluster whose every string tries to get out of where it belongs, and some are very long.
func hostile() *report.Report {
	r := passing()
	r.Cluster = evil
	for i := range r.Members {
		m := &r.Members[i]
		m.Name, m.Version, m.Errors = fmt.Sprintf("%d%s", i, evil), evil, []string{evil, evil}
		m.Server.Subject = evil
	}
	r.Members[2].Name = strings.Repeat("long", 200)
	for i := range r.Results {
		x := &r.Results[i]
		if x.Member != "" {
			x.Member = r.Members[x.Member[len(x.Member)-1]-'1'].Name
		}
		x.Subject += evil
		x.Seen, x.Expected, x.Evidence, x.Hint = evil, evil, evil+"\nsecond line\n  ...\nok 1\n1..0", evil
		x.Verdict = report.Verdicts()[i%5]
	}
	r.Results[4].Seen = strings.Repeat("very long ", 600)
	return judged(r)
}

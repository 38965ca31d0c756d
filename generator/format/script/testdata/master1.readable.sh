#!/bin/sh
# etcd member master1 of cluster k8s-etcd. It holds private keys: keep it secret.
#
# Makes this host that member: writes its files and starts etcdbake-first-boot.service, which does the rest. Run it as root:
# as a cloud's startup script or user-data, or with ssh HOST sudo sh < FILE. It may run as often as you like; once first boot is
# done with it, it changes nothing. Written by etcdbake, whose docs/script.md has more.
set -euf
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# Where bash before 5.1 keeps a here-document, which may be a key: in memory, and root's alone.
export TMPDIR=/run

say() { echo "etcdbake: $*"; }

die() {
	say "$*" >&2
	exit 1
}

check_host() {
	[ "$(id -u)" = 0 ] || die "this is not root: run it with sudo"
	[ -d /run/systemd/system ] || die "this host was not booted with systemd, which is to run etcd here"
	version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
	[ "${version:-0}" -ge 244 ] ||
		die "systemd ${version:-of an unknown version} is too old: 244 or newer is needed, as in Debian 11, Ubuntu 20.04, RHEL 9"
}

# one_at_a_time: a second run waits for the first.
one_at_a_time() {
	lock=/run/etcdbake-script.lock
	if command -v flock >/dev/null; then
		exec 9>"$lock"
		flock 9
		return
	fi
	until mkdir "$lock.d" 2>/dev/null; do
		say "waiting for another run of this script; if there is none: rmdir $lock.d"
		sleep 2
	done
	trap 'rmdir "$lock.d"' EXIT
	trap 'exit 1' HUP INT TERM
}

# dir PATH MODE makes a folder where there is none.
dir() {
	[ -d "$1" ] || {
		(umask 022 && mkdir -p "${1%/*}/")
		mkdir -m "$2" "$1"
	}
}

# put PATH MODE [ESCAPED] makes ESCAPED, or else what comes on standard input, that file. Others can read it at no moment that
# its mode does not let them, and it is never there by half.
put() {
	new=${1%/*}/.${1##*/}.new
	(umask 022 && mkdir -p "${1%/*}/")
	rm -f "$new"
	if [ $# = 3 ]; then printf %b "$3"; else cat; fi >"$new"
	chmod "$2" "$new"
	if cmp -s "$new" "$1"; then
		chmod "$2" "$1"
		rm "$new"
	else
		mv -f "$new" "$1"
		verb=restart
	fi
}

main() {
	check_host
	[ ! -s /var/lib/etcd/member/etcdbake ] || grep -qxF 'master1 of k8s-etcd' /var/lib/etcd/member/etcdbake ||
		die "this host is $(cat /var/lib/etcd/member/etcdbake), but this script is for "'master1 of k8s-etcd'": nothing is changed"
	if grep -qsx 6afb2b6bdde6 /var/lib/etcdbake/done; then
		say "first boot is done here, so nothing is changed"
		return
	fi
	one_at_a_time
	# Where cloud-init runs this, it has noted before that it did. It is to do it again if the power fails now.
	rm -f /var/lib/cloud/instance/sem/config_scripts_user
	verb=start
	dir /etc/etcd 0755
	dir /etc/etcd/ssl 0700
	put /etc/etcdbake/first-boot 0644 <<'END'
#!/bin/sh
# Written by etcdbake. docs/first-boot.md says why it is as it is.
set -euf
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# shellcheck source=/dev/null
. "${2:-/etc/etcdbake/first-boot.env}"

state=/var/lib/etcdbake
bin=${BIN_DIR:-/usr/local/bin}
programs=/etc/etcdbake/programs.sha256
data=/var/lib/etcd
mark=$data/member/etcdbake

say() {
	echo "etcdbake: $*"
	[ -z "${NOTIFY_SOCKET:-}" ] || systemd-notify "--status=$*" || return 0
}

die() {
	say "$*"
	exit 1
}

keep() {
	[ "$(cat "$1" 2>/dev/null)" != "$2" ] || return 0
	echo "$2" >"$1.new"
	sync
	mv -f "$1.new" "$1"
}

make_user() {
	systemd-sysusers --inline "u etcd - - /var/lib/etcd"
}

own_keys() {
	chown -R etcd:etcd /etc/etcd/ssl
	chmod 0700 /etc/etcd/ssl
}

installed() {
	"$bin/etcd" --version 2>/dev/null | grep -qxF "etcd Version: $VERSION"
}

fetch() {
	if command -v curl >/dev/null; then
		curl -fsSL --connect-timeout 10 --speed-limit 10240 --speed-time 30 -C - -o "$2" "$1" && return
	elif wget --version >/dev/null 2>&1; then
		wget -q -c -T 30 -t 1 -O "$2" "$1" && return
	elif [ -x /usr/lib/apt/apt-helper ]; then
		[ -e /etc/ssl/certs/ca-certificates.crt ] || set -- "$@" -o Acquire::https::Verify-Peer=false
		/usr/lib/apt/apt-helper -qq -o APT::Sandbox::User=root download-file "$@" && return
	elif command -v wget >/dev/null; then
		have=$(wc -c 2>/dev/null <"$2" || echo 0)
		timeout 300 wget -q -c -O "$2" "$1" && return
		[ "$(wc -c 2>/dev/null <"$2" || echo 0)" -gt "$have" ] || return 2
	else
		die "nothing here can download etcd: install curl or wget, or boot an image that has etcd"
	fi
	case $? in 8 | 22 | 33 | 36) return 2 ;; esac
	return 1
}

right() { [ "$(sha256sum <"$1")" = "$SHA256  -" ]; }

download() {
	pause=1
	round=1
	while :; do
		n=0
		for mirror in $MIRRORS; do
			n=$((n + 1))
			part=$1/$n.part
			url=$mirror/v$VERSION/etcd-v$VERSION-linux-$ARCH.tar.gz
			say "downloading $url"
			status=0
			fetch "$url" "$part" || status=$?
			if right "$part" 2>/dev/null; then
				mv -f "$part" "$1/etcd.tar.gz"
				return
			fi
			[ "$status" != 0 ] || say "wrong SHA-256 from $url: thrown away"
			[ "$status" = 1 ] || rm -f "$part"
		done
		[ "$round" != "${TRIES:-}" ] || die "no mirror gave etcd $VERSION: see above"
		round=$((round + 1))
		! df -P "$1" 2>/dev/null | grep ' 100% ' >/dev/null || say "the disk of $1 is full"
		say "no mirror gave etcd $VERSION; next try in $pause s"
		sleep "$pause"
		pause=$((pause * 2 < 60 ? pause * 2 : 60))
	done
}

install_etcd() {
	cache=/var/cache/etcdbake
	mkdir -p "$cache"
	{ mkdir -p "$bin" && touch "$bin/.etcd.new"; } || die "$bin cannot be written: set etcd.bin_dir"
	right "$cache/etcd.tar.gz" 2>/dev/null || download "$cache"
	trap 'say "cannot unpack etcd: is the disk full?"' EXIT
	tar -xzof "$cache/etcd.tar.gz" -C "$cache"
	for program in etcdutl etcdctl etcd; do
		cp "$cache/etcd-v$VERSION-linux-$ARCH/$program" "$bin/.$program.new"
		chmod 0755 "$bin/.$program.new"
		! command -v restorecon >/dev/null || restorecon "$bin/.$program.new" # SELinux
	done
	(cd "$cache/etcd-v$VERSION-linux-$ARCH" && sha256sum etcd etcdctl etcdutl) >"$programs.new"
	sync
	mv -f "$programs.new" "$programs"
	for program in etcdutl etcdctl etcd; do
		mv -f "$bin/.$program.new" "$bin/$program"
	done
	trap - EXIT
	rm -rf "$cache"
	say "installed etcd $VERSION"
}

strange() {
	find "$data" -mindepth 1 -maxdepth 2 ! -path "$data/lost+found*" ! -path "$data/member" ! -path "$mark*" 2>/dev/null | grep -q .
}

here() {
	cat /var/lib/cloud/data/instance-id /sys/class/dmi/id/product_uuid /etc/machine-id 2>/dev/null | sha256sum | cut -c 1-64
	hostname -I 2>/dev/null | tr ' ' '\n'
}

refuse() {
	# shellcheck source=/dev/null
	me=$(. /etc/etcd/etcd.conf && echo "$ETCD_NAME of $ETCD_INITIAL_CLUSTER_TOKEN")
	if [ -s "$mark" ]; then
		[ "$(cat "$mark")" = "$me" ] || die "$data is of $(cat "$mark"), not of $me: left as it is"
		if [ -s "$state/host" ]; then
			here | grep -xFf "$state/host" >/dev/null || die "this is a copy of the host of $me: rm $state/host if that one is gone"
		fi
	elif [ ! -e "$state/done" ] && strange; then
		die "$data has data already, and it is not known whose: left as it is"
	fi
}

claim() {
	refuse
	(umask 077 && mkdir -p "$data/member")
	keep "$mark" "$me"
	chown etcd:etcd "$data/member" "$mark"
	keep "$state/host" "$(here)"
}

wait_for_clock() {
	until [ "$(date +%s)" -ge "$NOT_BEFORE" ]; do
		say "the clock says $(date -u), before the certificates are valid: waiting for time synchronisation"
		sleep 5
	done
}

case $(uname -m) in
x86_64) host=amd64 ;;
aarch64) host=arm64 ;;
*) host=$(uname -m) ;;
esac
[ "$host" = "$ARCH" ] || die "this is an $host host, but cluster.yaml says $ARCH: set its arch, generate again"
[ -n "$VERSION" ] || [ -x "$bin/etcd" ] || die "$bin/etcd is not there, but cluster.yaml says that it is preinstalled"
if [ "${1:-}" = check ]; then
	refuse
	exit 0
fi

if command -v flock >/dev/null; then # some busyboxes have none
	exec 9>/run/etcdbake-first-boot.lock
	flock 9
fi

! [ -e /run/cloud-init/instance-data.json ] || chmod 0600 /run/cloud-init/instance-data.json

make_user
if [ "${1:-}" = install ]; then
	installed || install_etcd
	exit 0
fi
own_keys
mkdir -p "$state"
if ! grep -qsx "$ID" "$state/done"; then
	[ -z "$VERSION" ] || installed || install_etcd
	for unit in etcd.service ${UNITS:-}; do
		systemctl enable --quiet "$unit"
	done
fi
if [ -e /etc/etcdbake/data-disk ]; then
	# shellcheck source=/dev/null
	. /etc/etcdbake/data-disk
fi
claim
keep "$state/done" "$ID"
wait_for_clock
for unit in etcd.service ${UNITS:-}; do
	if systemctl is-enabled --quiet "$unit"; then
		systemctl start --no-block "$unit"
	fi
done
END
	put /etc/systemd/system/etcdbake-first-boot.service 0644 <<'END'
# Written by etcdbake. docs/first-boot.md says why it is as it is.
[Unit]
Description=Make this host an etcd member
DefaultDependencies=no
Requires=sysinit.target
Conflicts=shutdown.target
Before=shutdown.target
Wants=network-online.target
After=sysinit.target basic.target network-online.target cloud-init.service cloud-init-network.service

[Service]
Type=oneshot
NotifyAccess=all
TimeoutStartSec=infinity
ExecStart=/bin/sh /etc/etcdbake/first-boot
Restart=on-failure
RestartSec=10
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
END
	put /etc/systemd/system/etcd.service 0644 <<'END'
# Written by etcdbake. docs/first-boot.md says why it is as it is.
[Unit]
Description=etcd key-value store
DefaultDependencies=no
Requires=sysinit.target
Conflicts=shutdown.target
Before=shutdown.target
Requires=etcdbake-first-boot.service
Wants=network-online.target
After=sysinit.target basic.target network-online.target etcdbake-first-boot.service
AssertFileIsExecutable=/usr/local/bin/etcd

[Service]
Type=notify
TimeoutStartSec=infinity
User=etcd
Group=etcd
EnvironmentFile=/etc/etcd/etcd.conf
ExecStart=/usr/local/bin/etcd
Restart=always
RestartSec=5
StateDirectory=etcd
StateDirectoryMode=0700
UMask=0077
LimitNOFILE=65536
OOMScoreAdjust=-900

CapabilityBoundingSet=
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
ProtectProc=invisible
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
PrivateDevices=yes
PrivateTmp=yes
PrivateUsers=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources

[Install]
WantedBy=multi-user.target
END
	put /etc/profile.d/etcdctl.sh 0644 <<'END'
# Written by etcdbake: etcdctl for root, with this member's own certificate.
if [ "$(id -u)" = 0 ]; then
	export ETCDCTL_ENDPOINTS=https://127.0.0.1:2379
	export ETCDCTL_CACERT=/etc/etcd/ssl/etcd-ca.pem
	export ETCDCTL_CERT=/etc/etcd/ssl/etcd.pem
	export ETCDCTL_KEY=/etc/etcd/ssl/etcd-key.pem
fi
END
	put /etc/etcdbake/first-boot.env 0644 <<'END'
# For first-boot.
VERSION="3.6.14"
ARCH="amd64"
MIRRORS="https://storage.googleapis.com/etcd https://github.com/etcd-io/etcd/releases/download"
SHA256="ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5"
NOT_BEFORE="1767222000"
ID="6afb2b6bdde6"
END
	put /etc/etcd/etcd.conf 0644 <<'END'
# Member master1 of k8s-etcd. Written by etcdbake.
ETCD_NAME="master1"
ETCD_DATA_DIR="/var/lib/etcd"
ETCD_LISTEN_CLIENT_URLS="https://0.0.0.0:2379"
ETCD_ADVERTISE_CLIENT_URLS="https://10.140.0.2:2379"
ETCD_LISTEN_PEER_URLS="https://0.0.0.0:2380"
ETCD_INITIAL_ADVERTISE_PEER_URLS="https://10.140.0.2:2380"

# The cluster at the first start
ETCD_INITIAL_CLUSTER="master1=https://10.140.0.2:2380,master2=https://10.140.0.3:2380,master3=https://10.140.0.4:2380"
ETCD_INITIAL_CLUSTER_TOKEN="k8s-etcd"
ETCD_INITIAL_CLUSTER_STATE="new"

# TLS
ETCD_TRUSTED_CA_FILE="/etc/etcd/ssl/etcd-ca.pem"
ETCD_CERT_FILE="/etc/etcd/ssl/etcd.pem"
ETCD_KEY_FILE="/etc/etcd/ssl/etcd-key.pem"
ETCD_CLIENT_CERT_AUTH="true"
ETCD_PEER_TRUSTED_CA_FILE="/etc/etcd/ssl/etcd-peer-ca.pem"
ETCD_PEER_CERT_FILE="/etc/etcd/ssl/etcd-peer.pem"
ETCD_PEER_KEY_FILE="/etc/etcd/ssl/etcd-peer-key.pem"
ETCD_PEER_CLIENT_CERT_AUTH="true"

# Tuning
ETCD_HEARTBEAT_INTERVAL="100"
ETCD_ELECTION_TIMEOUT="1000"
ETCD_SNAPSHOT_COUNT="10000"
ETCD_QUOTA_BACKEND_BYTES="2147483648"
ETCD_AUTO_COMPACTION_MODE="periodic"
ETCD_AUTO_COMPACTION_RETENTION="8h"

# Further settings
ETCD_FEATURE_GATES="InitialCorruptCheck=true"
END
	put /etc/etcd/ssl/etcd-ca.pem 0644 <<'END'
-----BEGIN CERTIFICATE-----
MIIBfjCCASWgAwIBAgIUL3m95lFr9cUv4ay+j+I9WC9CubUwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAxMQazhzLWV0Y2QgZXRjZCBDQTAgFw0yNTEyMzEyMzAwMDBaGA8y
MTI1MTIwODAwMDAwMFowGzEZMBcGA1UEAxMQazhzLWV0Y2QgZXRjZCBDQTBZMBMG
ByqGSM49AgEGCCqGSM49AwEHA0IABPJvGHtfD1YGgdE4igdLkYJpFhZFyfxCWF9h
arFQzApwUqgwD0+LLBTq5i7vM2kp9sZO6K//gYuMigAX4mm8QMijRTBDMA4GA1Ud
DwEB/wQEAwIBBjASBgNVHRMBAf8ECDAGAQH/AgEAMB0GA1UdDgQWBBQrvct+YR9E
cz834rFjyObkqSdjsTAKBggqhkjOPQQDAgNHADBEAiB6ApNcAaN/JrjHBQHIwxnB
4tqHHU0swpXrECem047lngIgfe6aUEJLyiLAjg/EFilEk4CtL8q998bndVwVkSA5
TyU=
-----END CERTIFICATE-----
END
	put /etc/etcd/ssl/etcd.pem 0644 <<'END'
-----BEGIN CERTIFICATE-----
MIIB8DCCAZWgAwIBAgIUcEULdWpGWObW8uN6tj+x3ecRAxcwCgYIKoZIzj0EAwIw
GzEZMBcGA1UEAxMQazhzLWV0Y2QgZXRjZCBDQTAgFw0yNTEyMzEyMzAwMDBaGA8y
MTI1MTIwODAwMDAwMFowEjEQMA4GA1UEAxMHbWFzdGVyMTBZMBMGByqGSM49AgEG
CCqGSM49AwEHA0IABG1lq5M/Hst5Y0YyN2Rz3OQsz7cAy/K/EYHHGjDFgvGDlBwF
26vIUgB4AH6cSlbPEKqp5x6i+36FbNDds3MX7hejgb0wgbowDgYDVR0PAQH/BAQD
AgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAMBgNVHRMBAf8EAjAA
MB0GA1UdDgQWBBSK317iT2+QVwQebPLS+lvVGlyElzAfBgNVHSMEGDAWgBQrvct+
YR9Ecz834rFjyObkqSdjsTA7BgNVHREENDAyggdtYXN0ZXIxgglsb2NhbGhvc3SH
BAqMAAKHBH8AAAGHEAAAAAAAAAAAAAAAAAAAAAEwCgYIKoZIzj0EAwIDSQAwRgIh
AOlL4FWpmYM70eF8vmCkSfxUnUHbqZbeZdgl3xf6DjVqAiEAvpfrLyxOq/Tjzrpk
N9ZuE/NEB2aWwNExk9guqMQqM4s=
-----END CERTIFICATE-----
END
	put /etc/etcd/ssl/etcd-key.pem 0600 <<'END'
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIImOvrwSZdS5TLPiQTyxR2ZN5Is5Q1RJIkuLEg4WuLpmoAoGCCqGSM49
AwEHoUQDQgAEbWWrkz8ey3ljRjI3ZHPc5CzPtwDL8r8RgccaMMWC8YOUHAXbq8hS
AHgAfpxKVs8QqqnnHqL7foVs0N2zcxfuFw==
-----END EC PRIVATE KEY-----
END
	put /etc/etcd/ssl/etcd-peer-ca.pem 0644 <<'END'
-----BEGIN CERTIFICATE-----
MIIBiDCCAS+gAwIBAgIUVflX/MM7s4dvSpJIGvdsrQO5tMYwCgYIKoZIzj0EAwIw
IDEeMBwGA1UEAxMVazhzLWV0Y2QgZXRjZCBwZWVyIENBMCAXDTI1MTIzMTIzMDAw
MFoYDzIxMjUxMjA4MDAwMDAwWjAgMR4wHAYDVQQDExVrOHMtZXRjZCBldGNkIHBl
ZXIgQ0EwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARbleBTrMQasqvX84AWqg4e
/kU5tLoK/nAWk1Y+1pElZzS7VEBdn5l5tVfktpzv5sl5mkeRfF28bJYjEygt9NXo
o0UwQzAOBgNVHQ8BAf8EBAMCAQYwEgYDVR0TAQH/BAgwBgEB/wIBADAdBgNVHQ4E
FgQUxYRSP/hemqx0Gm2wwadFjnL0CDAwCgYIKoZIzj0EAwIDRwAwRAIgJZCIZr+m
r9tLtnlI7Q67HCADm6qHBtyIYHkVKQLAdjkCIFvZLNCuq0lHT86b4CAtjgJMyd51
hlneNcR3WMFR7f5l
-----END CERTIFICATE-----
END
	put /etc/etcd/ssl/etcd-peer.pem 0644 <<'END'
-----BEGIN CERTIFICATE-----
MIIB9DCCAZqgAwIBAgIUGYdm6cCRbzLJbqzC84F2lHCEUkMwCgYIKoZIzj0EAwIw
IDEeMBwGA1UEAxMVazhzLWV0Y2QgZXRjZCBwZWVyIENBMCAXDTI1MTIzMTIzMDAw
MFoYDzIxMjUxMjA4MDAwMDAwWjASMRAwDgYDVQQDEwdtYXN0ZXIxMFkwEwYHKoZI
zj0CAQYIKoZIzj0DAQcDQgAEDBY2KJ5w6KQnOpxVwnm1jmeJ57evfT4y/jogCiFM
YOKXsyLrYQG4ya/9mDrwwLiJR50YpNA2eIImZFwZIkvUkKOBvTCBujAOBgNVHQ8B
Af8EBAMCB4AwHQYDVR0lBBYwFAYIKwYBBQUHAwEGCCsGAQUFBwMCMAwGA1UdEwEB
/wQCMAAwHQYDVR0OBBYEFL7EoM5D4SJQoa59VO4yHFKS5XYbMB8GA1UdIwQYMBaA
FMWEUj/4XpqsdBptsMGnRY5y9AgwMDsGA1UdEQQ0MDKCB21hc3RlcjGCCWxvY2Fs
aG9zdIcECowAAocEfwAAAYcQAAAAAAAAAAAAAAAAAAAAATAKBggqhkjOPQQDAgNI
ADBFAiEA5nXEqz3tMWjhmiQE7kfsUIjMQCDMu4m5Bf+aCU1tDjoCIF3ckqT4clKH
PtgWb6MUHta2gZO4nEfBa5xGNCzTQZES
-----END CERTIFICATE-----
END
	put /etc/etcd/ssl/etcd-peer-key.pem 0600 <<'END'
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEILNdolPZ0XvxYp5VL/kwuj1FZ63ewyF4qIlBRw71bbmDoAoGCCqGSM49
AwEHoUQDQgAEDBY2KJ5w6KQnOpxVwnm1jmeJ57evfT4y/jogCiFMYOKXsyLrYQG4
ya/9mDrwwLiJR50YpNA2eIImZFwZIkvUkA==
-----END EC PRIVATE KEY-----
END
	systemctl daemon-reload
	systemctl enable --quiet etcdbake-first-boot.service
	sync
	# What runs already, and may wait for ever, has read the old files.
	systemctl "$verb" --no-block etcdbake-first-boot.service
	sh /etc/etcdbake/first-boot check
	say 'this host becomes etcd member master1 of cluster k8s-etcd; to watch it: journalctl -fu etcdbake-first-boot.service'
}

# The shell has read all of the script by now, so that nothing takes what is left of it for its own input, and half a script
# does nothing.
main </dev/null

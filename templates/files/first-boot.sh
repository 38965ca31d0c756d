#!/bin/sh
# Written by etcdbake. docs/first-boot.md says why it is as it is.
#
# Makes this host an etcd member: user, etcd itself, owners, the data's disk and owner, a sane clock, then etcd.service. Run at
# every boot by etcdbake-first-boot.service; every step may be cut short by a power failure and is simply done again.
# "first-boot check" only fails where all this can never succeed. "first-boot install ENV" does what is the same on every host
# and no more, for an image.
set -euf
umask 022
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

# VERSION, ARCH and SHA256 of the etcd release (VERSION empty: it is on the image), MIRRORS to get it from, NOT_BEFORE of the
# certificates in seconds since 1970, and the ID of all these files. UNITS are enabled and started besides etcd.service. For an
# image also TRIES, how often all mirrors are tried. BIN_DIR is where the programs are, unless it is the default.
# shellcheck source=/dev/null
. "${2:-/etc/etcdbake/first-boot.env}"

state=/var/lib/etcdbake
bin=${BIN_DIR:-/usr/local/bin}
programs=/etc/etcdbake/programs.sha256
data=/var/lib/etcd
mark=$data/member/etcdbake

# say tells the journal and the console, and systemctl status, which does not show the journal of a run that has failed.
say() {
	echo "etcdbake: $*"
	[ -z "${NOTIFY_SOCKET:-}" ] || systemd-notify "--status=$*" || return 0
}

die() {
	say "$*"
	exit 1
}

# keep FILE TEXT: the file is there whole or not at all, and is not touched where it has the text.
keep() {
	[ "$(cat "$1" 2>/dev/null)" != "$2" ] || return 0
	echo "$2" >"$1.new"
	sync
	mv -f "$1.new" "$1"
}

# make_user uses what every systemd brings along: minimal hosts have no useradd, and others' adduser differ. It does nothing
# where user and group are there.
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

# fetch URL FILE goes on where FILE ends. Returns 1 when it broke off and may go on later, 2 when the server refused: a
# FILE that it cannot continue is no good. Every Debian without curl and wget has apt-helper, and every other distribution
# curl; what has busybox alone may have its wget, which knows no time limit and tells no failure from another. What comes is
# held against its SHA-256, so a host without ca-certificates need not know the server.
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

# download DIR: tries every mirror in turn, each with a partial file of its own, until one has given the right bytes as
# DIR/etcd.tar.gz. The pause between two rounds grows to a minute.
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

# install_etcd puts all three programs in place by rename, etcd last: where it is, the others are too. What they hash to is
# noted before, for etcd-verify --host.
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

# strange: there are data in the data directory that were there before first boot.
strange() {
	find "$data" -mindepth 1 -maxdepth 2 ! -path "$data/lost+found*" ! -path "$data/member" ! -path "$mark*" 2>/dev/null | grep -q .
}

# here tells this host from others: by a digest of its names, and by its addresses.
here() {
	cat /var/lib/cloud/data/instance-id /sys/class/dmi/id/product_uuid /etc/machine-id 2>/dev/null | sha256sum | cut -c 1-64
	hostname -I 2>/dev/null | tr ' ' '\n'
}

# refuse makes sure that the data are this member's, and that this is no copy of its host beside it: either would break the
# cluster. The data are marked with the member's name, so that they may move to another host, on their disk. A copy has neither
# the names nor an address of the host that it was made from; a host that was only moved or renamed still has one of them.
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

# wait_for_clock: a certificate that is not valid yet would be refused by the other members.
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

# cloud-init before 23.2 copies the user-data of some clouds to a file that all may read (CVE-2023-1786).
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

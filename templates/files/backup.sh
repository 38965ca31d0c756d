#!/bin/sh
# Saves a snapshot of the data: "backup DIRECTORY KEEP [COMMAND]". The newest KEEP stay; COMMAND is given the path of the new one.
set -euf
umask 077
directory=$1
keep=$2
command=${3:-}

# shellcheck source=/dev/null
. /etc/etcd/etcd.conf
prefix=$ETCD_INITIAL_CLUSTER_TOKEN-$ETCD_NAME-
partial=$directory/.partial

say() { echo "etcdbake: $*"; }

die() {
	say "$*"
	exit 1
}

# whole FILE: etcd ends a snapshot with the SHA-256 of what is before; the database in it is sound.
whole() {
	size=$(wc -c <"$1")
	[ "$size" -gt 32 ] || return 1
	ends=$(tail -c 32 "$1" | od -A n -v -t x1 | tr -d ' \n')
	[ "$(head -c $((size - 32)) "$1" | sha256sum)" = "$ends  -" ] && etcdutl snapshot status "$1" >/dev/null
}

trap 'rm -f "$partial" "$partial.part"' EXIT
rm -f "$partial" "$partial.part"
etcdctl endpoint health >/dev/null || die "this member is not healthy, and its data may be old: nothing is saved"
etcdctl --command-timeout=30m snapshot save "$partial" >/dev/null || die "no snapshot could be saved to $directory: see above"
whole "$partial" || die "the snapshot that was saved is damaged, and thrown away"
backup=$directory/$prefix$(date -u +%Y%m%dT%H%M%SZ).db
sync
mv "$partial" "$backup"
say "saved $backup, $(wc -c <"$backup") bytes"

shipped=0
[ -z "$command" ] || "$command" "$backup" || shipped=$?
# shellcheck disable=SC2010 # the names are our own
ls "$directory" | grep -x "${prefix}[0-9]\{8\}T[0-9]\{6\}Z\.db" | sort -r | tail -n "+$((keep + 1))" | while read -r old; do
	rm -f "$directory/$old"
	say "removed $directory/$old"
done
[ "$shipped" = 0 ] || die "$command did not ship $backup: it ended with $shipped"

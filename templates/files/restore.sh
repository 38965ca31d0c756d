#!/bin/sh
# Makes this member begin again with the data of a backup: "restore FILE", as root, with the same file on every member of the
# cluster, while etcd is stopped on all of them. The data that were there stay beside the new ones.
set -euf
umask 077
PATH={{.BinDir}}:/usr/sbin:/usr/bin:/sbin:/bin

say() { echo "etcdbake: $*"; }

die() {
	say "$*" >&2
	exit 1
}

[ "$(id -u)" = 0 ] || die "only root can restore"
[ -f "${1:-}" ] || die "usage: restore FILE, where FILE is a backup"
case $(systemctl show -p ActiveState etcd.service) in
ActiveState=inactive | ActiveState=failed) ;;
*) die "etcd runs here: stop it on every member first: systemctl stop etcd.service" ;;
esac
# shellcheck source=/dev/null
. /etc/etcd/etcd.conf
new=$ETCD_DATA_DIR/restore.partial
old=$ETCD_DATA_DIR/before-restore-$(date -u +%Y%m%dT%H%M%SZ)

# Watchers compare revisions: it must never be one that they have seen already. etcd's advice is a billion
# (https://etcd.io/docs/v3.6/op-guide/recovery/).
rm -rf "$new"
etcdutl snapshot restore "$1" --data-dir "$new" --name "$ETCD_NAME" --initial-cluster "$ETCD_INITIAL_CLUSTER" \
	--initial-cluster-token "$ETCD_INITIAL_CLUSTER_TOKEN" --initial-advertise-peer-urls "$ETCD_INITIAL_ADVERTISE_PEER_URLS" \
	--bump-revision 1000000000 --mark-compacted >/dev/null
chown -R etcd:etcd "$new"
sync
if [ -e "$ETCD_DATA_DIR/member" ]; then
	mv "$ETCD_DATA_DIR/member" "$old"
	say "the data that were here are in $old"
fi
mv "$new/member" "$ETCD_DATA_DIR/member"
rm -rf "$new"
sync
say "restored $1. When this is done on every member, start them all: systemctl start etcd.service"

#!/bin/sh
# Waits until cloud-init has done its work on a guest that becomes an image: it must not write to what is being cleaned.
set -eu

# systemd's generator has put this file there where cloud-init runs at this boot; elsewhere there is nothing to wait for, and
# "cloud-init status --wait" might never return.
[ -e /run/cloud-init/enabled ] || exit 0
command -v cloud-init >/dev/null || exit 0

echo "waiting until cloud-init has finished"
status=0
timeout 1800 cloud-init status --wait >/dev/null || status=$?
case $status in
0 | 2) ;; # 2: done, with errors that it got over (since 23.4)
124)
	echo "cloud-init has not finished after 30 minutes: see what it waits for with: cloud-init status --long" >&2
	exit 1
	;;
*) echo "cloud-init has finished with an error, which may have nothing to do with etcd: going on" ;;
esac

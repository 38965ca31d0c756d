#!/bin/sh
# Tells whether this host is a healthy member. Written by etcdbake: its templates/files/ready.sh has comments, docs/first-boot.md more.
#
# "ready wait" returns once the member is healthy in a quorum, and "ready watch" fails once it has not been for three checks
# in a row: an election is over by then; the next wait says why. Both say what has changed. ETCD_... is from etcd.conf, ETCDCTL_... from the unit.
set -euf

said=
say() {
	[ "$*" = "$said" ] || echo "etcdbake: $ETCD_NAME $*"
	said=$*
}

# healthy is a read that a quorum has agreed on, through this member, which must have no alarm.
healthy() {
	answer=$(etcdctl --command-timeout=3s endpoint health 2>&1)
}

# up counts this member and those that its etcd has connections to, on port 2380: etcd closes one whose certificate it does not
# like. etcd answers nothing before it has a quorum, so there is no other way to know.
up() {
	cat /proc/net/tcp /proc/net/tcp6 2>/dev/null |
		awk '$4 == "01" && $3 ~ /:094C$/ { print substr($3, 1, length($3) - 5) } END { print "itself" }' | sort -u | wc -l
}

say_healthy() {
	all=$(etcdctl --command-timeout=3s member list 2>/dev/null | wc -l)
	[ "$all" = 0 ] || say "is a healthy member of $ETCD_INITIAL_CLUSTER_TOKEN: $(up) of $all members are up"
}

say_why_not() {
	up=$(up)
	all=$(echo "$ETCD_INITIAL_CLUSTER" | tr , '\n' | cut -d = -f 1 | sort -u | wc -l)
	if [ $((up * 2)) -gt "$all" ]; then
		why=$(echo "${answer#*is unhealthy: }" | head -n 1)
		say "is not a healthy member of $ETCD_INITIAL_CLUSTER_TOKEN, though $up of $all members are up: $why"
	else
		say "waits for a quorum of $ETCD_INITIAL_CLUSTER_TOKEN: $up of $all members are up"
	fi
}

case $1 in
wait)
	until healthy; do
		say_why_not
		sleep 1
	done
	;;
watch)
	failures=0
	while [ "$failures" -lt 3 ]; do
		if healthy; then
			failures=0
			say_healthy
			sleep 5
		else
			failures=$((failures + 1))
			sleep 1
		fi
	done
	exit 1
	;;
esac

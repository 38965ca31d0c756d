#!/bin/sh
# Gives the space of deleted data back to the file system. "defrag THRESHOLD MIN_SIZE": where so many percent of the database file, and
# so many bytes, are free. Every host runs this, but only the leader's acts: on the other members one after another, then it
# hands over and is itself the last. So no two are at it at once, and nothing is written to the data for a lock.
set -euf
threshold=$1
min_size=$2

say() { echo "etcdbake: $*"; }

die() {
	say "$*" >&2
	exit 1
}

# ask URL: status is the member's answer, as JSON.
ask() {
	status=$(ETCDCTL_ENDPOINTS=$1 etcdctl endpoint status -w json) || die "$1 does not tell its status: see above"
}

# number KEY: a number in status.
number() {
	value=$(echo "$status" | sed -n "s/.*\"$1\":\([0-9][0-9]*\).*/\1/p")
	[ -n "$value" ] || die "no $1 in the status of a member: $status"
	echo "$value"
}

# A member that defragments answers nobody: with another one down, that can be one too many.
all_healthy() { etcdctl endpoint health --cluster >/dev/null 2>&1; }

wait_for_health() {
	tries=0
	until all_healthy; do
		tries=$((tries + 1))
		[ "$tries" -lt 120 ] || die "not all members are healthy, so no further one is defragmented: see etcdctl endpoint health --cluster"
		sleep 5
	done
}

# worthwhile URL: enough of its file is free.
worthwhile() {
	ask "$1"
	size=$(number dbSize) && used=$(number dbSizeInUse) || exit 1
	free=$((size - used))
	[ "$free" -ge "$min_size" ] && [ $((free * 100 / size)) -ge "$threshold" ]
}

defrag() {
	wait_for_health
	ETCDCTL_ENDPOINTS=$1 etcdctl --command-timeout=10m defrag >/dev/null
	before=$size
	ask "$1"
	say "defragmented $1: $before bytes before, $(number dbSize) after"
}

hand_over() {
	for other in $others; do
		if etcdctl move-leader "$other" >/dev/null; then
			say "handed the lead over to $other"
			return
		fi
	done
	die "no other member takes over the lead: $ETCDCTL_ENDPOINTS is not defragmented"
}

ask "$ETCDCTL_ENDPOINTS"
own=$(number member_id)
leader=$(number leader)
[ "$own" = "$leader" ] || exit 0
all_healthy || die "not all members are healthy, so none is defragmented: see etcdctl endpoint health --cluster"
list=$(etcdctl member list -w simple)
others=
for member in $(echo "$list" | awk -F ', ' '$2 == "started" { split($5, urls, ","); print $1 "," urls[1] }'); do
	url=${member#*,}
	ask "$url"
	id=$(number member_id)
	[ "$id" != "$own" ] || continue
	others="$others ${member%%,*}"
	if worthwhile "$url"; then
		defrag "$url"
	fi
done
if worthwhile "$ETCDCTL_ENDPOINTS"; then
	wait_for_health
	[ -z "$others" ] || hand_over
	defrag "$ETCDCTL_ENDPOINTS"
fi

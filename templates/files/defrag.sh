#!/bin/sh
# Gives the space of deleted data back to the file system. "defrag THRESHOLD MIN_SIZE": where so many percent of the database file, and
# so many bytes, are free. Every host runs this, but only the leader's acts: on the other members one after another, then it
# hands over and is itself the last. So no two are at it at once, and nothing is written to the data for a lock.
set -euf
threshold=$1
min_size=$2

say() { echo "etcdbake: $*"; }

die() {
	say "$*"
	exit 1
}

# number KEY: a number of etcdctl's JSON on stdin; 0 where it is left out.
number() {
	value=$(sed -n "s/.*\"$1\":\([0-9][0-9]*\).*/\1/p")
	echo "${value:-0}"
}

status() { etcdctl --endpoints="$1" endpoint status -w json; }

leads() {
	answer=$(status "$1")
	[ "$(echo "$answer" | number member_id)" = "$(echo "$answer" | number leader)" ]
}

# members lists "ID URL" of all that have started.
members() { etcdctl member list -w simple | awk -F ', ' '$2 == "started" { split($5, urls, ","); print $1, urls[1] }'; }

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
	answer=$(status "$1")
	size=$(echo "$answer" | number dbSize)
	free=$((size - $(echo "$answer" | number dbSizeInUse)))
	[ "$size" -gt 0 ] && [ "$free" -ge "$min_size" ] && [ $((free * 100 / size)) -ge "$threshold" ]
}

defrag() {
	wait_for_health
	etcdctl --endpoints="$1" --command-timeout=10m defrag >/dev/null
	say "defragmented $1: $size bytes before, $(status "$1" | number dbSize) after"
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

leads "$ETCDCTL_ENDPOINTS" || exit 0
all_healthy || die "not all members are healthy, so none is defragmented: see etcdctl endpoint health --cluster"
own=$(status "$ETCDCTL_ENDPOINTS" | number member_id)
others=
for member in $(members | tr ' ' ,); do
	url=${member#*,}
	[ "$(status "$url" | number member_id)" != "$own" ] || continue
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

#!/bin/sh
# Destroys cloud-init's copies of the user-data. Written by etcdbake: its templates/files/shred.sh has comments, docs/first-boot.md more.
#
# Run at every boot once first boot is done, since cloud-init fetches the user-data again at each. A power failure may come at
# any point: what cloud-init would read is whole or not there, and *.gone is destroyed the next time.
set -eu
umask 077

# gone FILE... takes what there is of them out of cloud-init's sight.
gone() {
	for file; do
		[ ! -f "$file" ] || mv -f "$file" "$file.gone"
	done
}

# empty FILE puts user-data that do nothing in its place: a seed without user-data is none, and the host would be a new instance.
empty() {
	nothing='#cloud-config
{}'
	if [ -f "$1" ] && [ "$(tr -d '\0' <"$1")" != "$nothing" ]; then
		echo "$nothing" >"$1.new"
		sync "$1.new"
		ln -f "$1" "$1.gone"
		mv -f "$1.new" "$1"
	fi
}

for seed in /var/lib/cloud/seed/nocloud*/user-data; do
	empty "$seed"
done
for instance in /var/lib/cloud/instances/*; do
	gone "$instance"/user-data.txt* "$instance"/cloud-config.txt "$instance"/obj.pkl "$instance"/scripts/part-*
done
gone /run/cloud-init/instance-data-sensitive.json /run/cloud-init/combined-cloud-config.json
# Before 23.2 there may be a copy in this too: see first-boot.
if grep -qis 'user.\?data": "[#IH]' /run/cloud-init/instance-data.json; then
	gone /run/cloud-init/instance-data.json
fi
sync
for file in /var/lib/cloud/seed/nocloud*/*.gone /var/lib/cloud/instances/*/*.gone /var/lib/cloud/instances/*/scripts/*.gone \
	/run/cloud-init/*.gone; do
	[ ! -f "$file" ] || shred -u "$file"
done
sync

#!/bin/sh
# Removes from a guest what a golden image must not hold: what is one host's own, and what its build has left. The connection
# that this runs over goes on; new ones are not accepted afterwards. ETCDBAKE_ROOT, for tests, is the folder that stands for /.
set -eu
root=${ETCDBAKE_ROOT:-}

# homes lists the home folders of all users.
homes() { cut -d: -f6 "$root/etc/passwd" | sort -u | grep '^/.'; }

# cloud_init forgets that this host was ever set up, so that the next one is. With --machine-id it would write
# "uninitialized", which makes systemd enable every installed unit at the next boot, etcd too.
cloud_init() {
	if [ -z "$root" ] && command -v cloud-init >/dev/null; then
		cloud-init clean --logs --seed
	fi
	find "$root/var/lib/cloud" -mindepth 1 ! -type d -delete 2>/dev/null || [ ! -d "$root/var/lib/cloud" ]
	rm -rf "$root/var/lib/cloud/instances" "$root/var/lib/cloud/sem" "$root/var/lib/cloud/seed"
}

# An empty file, not a missing one: systemd fills it in and does not take the boot for the first of a new system
# (machine-id(5)).
machine_id() {
	: >"$root/etc/machine-id"
	if [ ! -L "$root/var/lib/dbus/machine-id" ]; then
		rm -f "$root/var/lib/dbus/machine-id"
	fi
}

# secrets and leases that every host makes for itself.
host_state() {
	rm -f "$root/var/lib/systemd/random-seed" "$root/boot/efi/loader/random-seed" "$root/var/lib/urandom/random-seed" \
		"$root/var/lib/systemd/credential.secret" "$root/var/lib/NetworkManager/secret_key" \
		"$root"/var/lib/dhcp/*.lease* "$root"/var/lib/dhclient/*.lease* "$root"/var/lib/dhcpcd/*.lease* \
		"$root"/var/lib/NetworkManager/*.lease
}

caches() {
	rm -rf "$root/var/cache/etcdbake" "$root"/var/cache/apt/*.bin "$root"/var/cache/apt/archives/*.deb \
		"$root"/var/cache/apt/archives/partial/*
}

# Logs are emptied, not removed: some daemons do not make theirs anew. journald goes on in /run.
logs() {
	if [ -z "$root" ] && command -v journalctl >/dev/null; then
		journalctl --relinquish-var 2>/dev/null || echo "journald goes on writing to /var/log/journal"
	fi
	rm -rf "$root"/var/log/journal/* "$root"/var/log/cloud-init*
	find "$root/var/log" -type f \( -name '*.gz' -o -name '*.xz' -o -name '*.old' -o -name '*.[0-9]' \) -exec rm -f {} +
	find "$root/var/log" -type f -size +0 | while IFS= read -r log; do : >"$log"; done
}

histories() {
	homes | while IFS= read -r home; do
		rm -f "$root$home"/.*_history "$root$home/.lesshst" "$root$home/.viminfo" "$root$home/.wget-hsts"
	done
}

# Packer's own key is among them. On an instance's first boot cloud-init writes those that the cloud has for it.
authorized_keys() {
	homes | while IFS= read -r home; do
		rm -f "$root$home/.ssh/authorized_keys" "$root$home/.ssh/authorized_keys2"
	done
}

# cloud-init makes new ones before sshd starts. sshd does not need them for connections that it has.
host_keys() {
	rm -f "$root"/etc/ssh/ssh_host_*_key "$root"/etc/ssh/ssh_host_*_key.pub
	if [ -z "$root" ] && [ -d /etc/ssh ] && ! command -v cloud-init >/dev/null; then
		echo "there is no cloud-init here: something else has to make new SSH host keys at first boot"
	fi
}

cloud_init
machine_id
host_state
caches
histories
logs
authorized_keys
host_keys
sync

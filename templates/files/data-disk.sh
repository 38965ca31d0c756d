# shellcheck shell=sh
# Written by etcdbake. docs/first-boot.md says why it is as it is.
#
# Mounts the disk for etcd's data.
#
# A part of first-boot, at every boot before etcd: there is no line in fstab and no unit, so all that can go wrong is told in one
# place. A disk is formatted if nothing at all is on it; what looks like anything is mounted or refused.

# DEVICE, and what a blank one is made to: FILESYSTEM and LABEL.
# shellcheck source=/dev/null
. /etc/etcdbake/data-disk.env

# The label of a file system that is being made. It gets its own once it is whole, and nothing is ever mounted before: one
# that has this label was cut short by a power failure and has no data.
unfinished=etcdbake-new

# need PROGRAM PACKAGE
need() { command -v "$1" >/dev/null || die "$1 is not there: install $2 in the image, or change data_disk.filesystem"; }

# tag NAME: what blkid sees on the disk itself, by no cache.
tag() { blkid -p -o value -s "$1" "$disk" || [ $? = 2 ]; }

mib() { dd if="$disk" bs=512 skip="$1" count=2048 2>/dev/null; }

# zeros: the first and the last MiB can be read and hold nothing, which also data without any signature would.
zeros() {
	for sector in 0 $(($(blockdev --getsz "$disk") - 2048)); do
		[ "$(mib "$sector" | wc -c)" = 1048576 ] || return 1
		[ "$(mib "$sector" | tr -d '\0' | wc -c)" = 0 ] || return 1
	done
}

wait_for_disk() {
	n=0
	until [ -b "$DEVICE" ]; do
		[ $((n % 30)) != 0 ] || say "waiting for the disk $DEVICE: attach it to this host"
		n=$((n + 1))
		sleep 1
	done
	disk=$(readlink -f "$DEVICE")
}

# refuse_if_used: a disk with mounts, swap or another's claim on it is not ours, whatever its name says.
refuse_if_used() {
	used=$(lsblk -nro MOUNTPOINT "$disk" | grep . | head -n 1) || used=
	[ -z "$used" ] || die "$DEVICE is in use at $used: it is not a disk for etcd"
	case $DEVICE in
	/dev/disk/by-label/*)
		name=${DEVICE##*/}
		[ "$(blkid -c /dev/null -o device -t "LABEL=$name" | wc -l)" -le 1 ] ||
			die "several disks have the label $name: name the one for etcd by /dev/disk/by-id in data_disk.device"
		;;
	esac
}

# format makes the file system under a label of its own, and then gives it the real one in one write. The note tells, where
# the power failed before even that label was there, that the disk was blank: its name and size have to be the same.
format() {
	note=${state:?}/formatting
	this="$DEVICE $(blockdev --getsize64 "$disk")"
	if [ "$(tag LABEL)" != "$unfinished" ] && [ "$(cat "$note" 2>/dev/null)" != "$this" ] && ! zeros; then
		die "$DEVICE has no file system, but something is on it: if it is of no use, wipe it with: blkdiscard -z $DEVICE"
	fi
	say "making $FILESYSTEM on $DEVICE, which is blank"
	keep "$note" "$this"
	case $FILESYSTEM in
	xfs)
		need mkfs.xfs xfsprogs
		mkfs.xfs -q -f -L "$unfinished" "$disk"
		sync
		xfs_admin -L "$LABEL" "$disk" >/dev/null
		;;
	*)
		need mkfs.ext4 e2fsprogs
		mkfs.ext4 -q -F -L "$unfinished" "$disk"
		sync
		e2label "$disk" "$LABEL"
		;;
	esac
	sync
	rm -f "$note"
}

# look tells whether to format the disk; it refuses what is not a file system for data.
look() {
	status=0
	blkid -p "$disk" >/dev/null || status=$?
	case $status in
	0 | 2) ;; # 2: nothing found
	*) die "$DEVICE holds several things at once (blkid -p $DEVICE): left as it is. wipefs can remove what is wrong" ;;
	esac
	kind=$(tag TYPE)
	if [ "$(tag LABEL)" = "$unfinished" ]; then
		return 0
	fi
	case $kind in
	ext[234] | xfs | btrfs)
		[ "$kind" = "$FILESYSTEM" ] || say "$DEVICE is $kind, not $FILESYSTEM: taken as it is"
		return 1
		;;
	'')
		kind=$(tag PTTYPE)
		[ -n "$kind" ] || return 0
		die "$DEVICE has a partition table ($kind): left as it is. Give etcd a disk, or name the partition in data_disk.device"
		;;
	esac
	die "$DEVICE holds $kind, which is no file system for etcd: left as it is"
}

# check repairs what can be repaired without loss. fsck says 1 or 2 when it did.
check() {
	command -v "fsck.$kind" >/dev/null || return 0
	status=0
	fsck -p "$disk" || status=$?
	[ "$status" -lt 4 ] || die "$DEVICE is damaged, more than is safe to repair: do it by hand: fsck $DEVICE"
	[ "$status" = 0 ] || say "fsck has repaired $DEVICE"
}

mount_disk() {
	wait_for_disk
	refuse_if_used
	if look; then
		format
	else
		check
	fi
	mkdir -p "${data:?}"
	[ -z "$(ls -A "$data")" ] || die "$data has data, but not on $DEVICE: move them there first. Nothing was touched"
	chmod 0 "$data"
	mount -o noatime,nodev,nosuid,noexec "$disk" "$data" || die "$DEVICE cannot be mounted: left as it is. Repair it by hand"
	say "mounted $DEVICE on $data"
}

mountpoint -q "$data" || mount_disk

#!/bin/sh
# Looks, as the last act of a build, for what must not be in an image: private keys, an etcd's data, one host's configuration
# or identity. Prints a line "found PATH: WHAT" for each, or "warning PATH: WHAT", never what is in a file.
# "image-seal strict" is for an image that has been cleaned; "lenient" for others: there, keys that may log in can be meant and
# are a warning. "unused" looks for an etcd that has run here, and nothing else. ETCDBAKE_ROOT, for tests, is the folder that stands for /.
set -eu
export LC_ALL=C # bytes
mode=${1:-strict}
root=${ETCDBAKE_ROOT:-}

# Without these, nothing would be found and all would seem well.
for tool in cut find grep head md5sum readlink sort tr xargs; do
	command -v "$tool" >/dev/null || { echo "found $tool: it is not there, and the seal needs it" && exit 1; }
done
if ! echo x | grep -q -P x 2>/dev/null; then
	echo "found grep: it does not know -P, and the seal needs it to look for private keys: install GNU grep"
	exit 1
fi

found() { echo "found ${1#"$root"}: $2"; }

# files lists the image's files for which find's expression holds, with a NUL after each.
files() {
	find "${root:-/}" \( -path "$root/proc" -o -path "$root/sys" -o -path "$root/dev" -o -path "$root/run" \) -prune \
		-o -type f -size +0 \( "$@" \) -print0
}

# holding lists the files on stdin, with NULs, in which grep finds something. xargs says 123 for grep's 1: in none.
holding() { xargs -0 -r grep -l -a -s "$@" || [ $? = 123 ]; }

# A PEM key as in a file, or on one line with \n as in JSON; and one in base64, as in user-data, at each of its three offsets.
# A program that only knows the words is none: some of the key has to follow.
pem='-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----(\\+[rn]|\s)+([A-Za-z-]+: [^\n]*\n)*\s*[A-Za-z0-9+/]{16}'
base64='LS0tLS1CRUdJTi[A-Za-z0-9+/]{0,20}(UFJJVkFURSBLRV|BSSVZBVEUgS0VZ|QUklWQVRFIEtFW)'

# pem_files first takes those with the fixed words, which is fast. In /usr, files above 1 MiB are programs and archives.
pem_files() {
	files ! -path "$root/usr/*" -o -path "$root/usr/local/*" -o -size -2048 |
		holding -F -e 'PRIVATE KEY-----' -e LS0tLS1CRUdJTi |
		while IFS= read -r file; do
			# 2: grep could not tell
			if grep -q -z -a -P -e "$pem|$base64" "$file" || [ $? = 2 ]; then
				echo "$file"
			fi
		done
}

# What a DER key begins with, after its length: PKCS#8 with RSA, EC or Ed25519/Ed448 (RFC 5208, RFC 8410), SEC1 with a key of
# 32, 48 or 66 bytes (RFC 5915), PKCS#1 with a modulus of 512 to 8192 bits (RFC 8017); and OpenSSH's own, without its PEM.
pkcs8='\x02\x01\x00\x30.\x06(\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01|\x07\x2a\x86\x48\xce\x3d\x02\x01|\x03\x2b\x65[\x70\x71])'
sec1='\x30\x81?[\x20-\xff]\x02\x01\x01\x04[\x20\x30\x42]'
pkcs1='\x02\x01\x00\x02(\x81[\x41\x61\x81]|\x82[\x01-\x04][\x01\x81])\x00[\x80-\xff]'
openssh='^openssh-key-v1\x00'

# der_files: a key of 16384 bits has 9 KiB.
der_files() { files -size -128 | holding -P -e "$pkcs8|$sec1|$pkcs1|$openssh"; }

# shipped: the file is as a Debian package has it, so that what is in it is no secret: cloud-init's documentation has an
# example of a key, libgnutls tests itself with one. Python compiles its modules when they are installed.
shipped() (
	file=$1
	case $file in
	*/__pycache__/*.pyc)
		module=${file##*/}
		file=${file%/__pycache__/*}/${module%%.*}.py
		;;
	esac
	[ -f "$file" ] || exit 1
	sum=$(md5sum <"$file")
	sum=${sum%% *}
	name=${file#"$root/"}
	cat "$root"/var/lib/dpkg/info/*.md5sums 2>/dev/null | grep -q -x -F -e "$sum  $name" -e "$sum  ${name#usr/}"
)

private_keys() {
	{
		pem_files
		der_files
	} | sort -u | while IFS= read -r file; do
		case $file in
		"$root"/etc/ssh/ssh_host_*_key) found "$file" "the SSH host key of this guest" ;;
		*) shipped "$file" || found "$file" "a private key" ;;
		esac
	done
}

# entries DIR WHAT...: what is in a folder, as find's further expression says.
entries() {
	dir=$1
	shift
	[ ! -d "$dir" ] || find "$dir" -mindepth 1 "$@"
}

each() { while IFS= read -r path; do "$1" "$path" "$2"; done; }

data() {
	entries "$root/var/lib/etcd" -maxdepth 1 | each found "data of an etcd that has run here: all hosts would be one member"
	h='[0-9a-f][0-9a-f][0-9a-f][0-9a-f]'
	h=$h$h$h$h
	files ! -path "$root/var/lib/etcd/*" \
		\( -path '*/member/snap/db' -o -name "$h-$h.wal" -o -name "$h-$h.snap" \) | tr '\0' '\n' | each found "data of an etcd"
}

configuration() {
	entries "$root/etc/etcd" ! -type d | each found "configuration of one host"
	entries "$root/var/lib/etcdbake" | each found "first boot has been here"
	for file in "$root/etc/etcdbake/first-boot.env" "$root/etc/default/etcd"; do
		[ ! -e "$file" ] || found "$file" "configuration of one host"
	done
}

# unused: etcd has never run here and is not going to, before cloud-init has made a host a member.
unused() {
	entries "$root/etc/systemd/system" \( -name etcd.service -o -name etcdbake-first-boot.service \) \
		\( -path '*.wants/*' -o -path '*.requires/*' \) | each found "the unit is enabled: disable it"
	[ -z "$root" ] || return 0
	for process in /proc/[0-9]*; do
		case $(readlink "$process/exe" || echo gone) in
		*/etcd | */etcd' (deleted)') found "$process" "etcd runs here" ;;
		esac
	done 2>/dev/null
	if command -v journalctl >/dev/null && [ -n "$(journalctl -q -n 1 -o cat -u etcd.service 2>/dev/null)" ]; then
		found "$root/etc/systemd/system/etcd.service" "it has run here, says the journal of etcd.service"
	fi
}

# identity is what makes this guest a host of its own.
identity() {
	for file in "$root/etc/machine-id" "$root/var/lib/dbus/machine-id"; do
		if [ ! -L "$file" ] && [ -s "$file" ] && ! grep -q -x uninitialized "$file"; then
			found "$file" "the machine ID of this guest: empty the file"
		fi
	done
	if [ -n "$(entries "$root/var/lib/cloud" ! -type d | head -n 1)" ]; then
		found "$root/var/lib/cloud" "cloud-init's state of this guest: hosts would not be set up"
	fi
	for file in "$root/var/lib/systemd/credential.secret" "$root/var/lib/NetworkManager/secret_key"; do
		[ ! -s "$file" ] || found "$file" "a secret of this guest"
	done
	cut -d: -f6 "$root/etc/passwd" | sort -u | while IFS= read -r home; do
		for file in "$root$home/.ssh/authorized_keys" "$root$home/.ssh/authorized_keys2"; do
			if [ ! -s "$file" ]; then
				continue
			elif [ "$mode" = strict ]; then
				found "$file" "keys that may log in to every host"
			else
				echo "warning ${file#"$root"}: keys that may log in to every host"
			fi
		done
	done
}

findings=$(
	data
	unused
	if [ "$mode" != unused ]; then
		configuration
		identity
		private_keys
	fi
)
if [ -n "$findings" ]; then
	echo "$findings"
fi
case $findings in
"found "* | *"
found "*) exit 1 ;;
esac

#!/bin/sh
# etcd member {{.Member}} of cluster {{.Cluster}}. It holds private keys: keep it secret.
#
# Makes this host that member: writes its files and starts {{.Unit}}, which does the rest. Run it as root:
# as a cloud's startup script or user-data, or with ssh HOST sudo sh < FILE. It may run as often as you like; once first boot is
# done with it, it changes nothing. Written by etcdbake, whose docs/script.md has more.
set -euf
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
# Where bash before 5.1 keeps a here-document, which may be a key: in memory, and root's alone.
export TMPDIR=/run

say() { echo "etcdbake: $*"; }

die() {
	say "$*" >&2
	exit 1
}

check_host() {
	[ "$(id -u)" = 0 ] || die "this is not root: run it with sudo"
	[ -d /run/systemd/system ] || die "this host was not booted with systemd, which is to run etcd here"
	version=$(systemctl --version | sed -n '1s/^systemd \([0-9]*\).*/\1/p')
	[ "${version:-0}" -ge {{.Systemd}} ] ||
		die "systemd ${version:-of an unknown version} is too old: {{.Systemd}} or newer is needed, as in Debian 11, Ubuntu 20.04, RHEL 9"
}

# one_at_a_time: a second run waits for the first.
one_at_a_time() {
	lock=/run/etcdbake-script.lock
	if command -v flock >/dev/null; then
		exec 9>"$lock"
		flock 9
		return
	fi
	until mkdir "$lock.d" 2>/dev/null; do
		say "waiting for another run of this script; if there is none: rmdir $lock.d"
		sleep 2
	done
	trap 'rmdir "$lock.d"' EXIT
	trap 'exit 1' HUP INT TERM
}

# dir PATH MODE makes a folder where there is none.
dir() {
	[ -d "$1" ] || {
		(umask 022 && mkdir -p "${1%/*}/")
		mkdir -m "$2" "$1"
	}
}

# put PATH MODE [ESCAPED] makes ESCAPED, or else what comes on standard input, that file. Others can read it at no moment that
# its mode does not let them, and it is never there by half.
put() {
	new=${1%/*}/.${1##*/}.new
	(umask 022 && mkdir -p "${1%/*}/")
	rm -f "$new"
	if [ $# = 3 ]; then printf %b "$3"; else cat; fi >"$new"
	chmod "$2" "$new"
	if cmp -s "$new" "$1"; then
		chmod "$2" "$1"
		rm "$new"
	else
		mv -f "$new" "$1"
		verb=restart
	fi
}

main() {
	check_host
	[ ! -s {{.Mark}} ] || grep -qxF {{.Owner}} {{.Mark}} ||
		die "this host is $(cat {{.Mark}}), but this script is for "{{.Owner}}": nothing is changed"
	if grep -qsx {{.ID}} {{.Done}}; then
		say "first boot is done here, so nothing is changed"
		return
	fi
{{- if .Golden}}
	systemctl cat {{.Unit}} >/dev/null 2>&1 ||
		die "this host was not booted from the golden image, which has {{.Unit}}: boot it, or generate with --image stock"
{{- end}}
	one_at_a_time
	# Where cloud-init runs this, it has noted before that it did. It is to do it again if the power fails now.
	rm -f /var/lib/cloud/instance/sem/config_scripts_user
	verb=start
{{.Body}}	systemctl daemon-reload
	systemctl enable --quiet {{.Unit}}
	sync
	# What runs already, and may wait for ever, has read the old files.
	systemctl "$verb" --no-block {{.Unit}}
{{- with .Check}}
	{{.}}
{{- end}}
	say {{.Farewell}}
}

# The shell has read all of the script by now, so that nothing takes what is left of it for its own input, and half a script
# does nothing.
main </dev/null

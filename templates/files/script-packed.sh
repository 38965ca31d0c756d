#!/bin/sh
# etcd member {{.Member}} of cluster {{.Cluster}}. It holds private keys: keep it secret.
#
# Makes this host that member when it is run as root; packed, since this cloud takes no more. See what it does:
# sed -n '/^END$/q;/^H4s/,$p' FILE | base64 -d | gunzip. Written by etcdbake, whose docs/script.md has more.
set -eu
umask 077
export TMPDIR=/run
unpacked=$(base64 -d <<'END' | gzip -dc
{{.Packed}}
END
) || {
	echo "etcdbake: cannot unpack this script: it needs base64 and gzip" >&2
	exit 1
}
eval "$unpacked"

# Written by etcdbake: etcdctl for root, with this member's own certificate.
if [ "$(id -u)" = 0 ]; then
{{- if .BinDir}}
	PATH=$PATH:{{.BinDir}}
{{- end}}
	export ETCDCTL_ENDPOINTS=https://127.0.0.1:2379
	export ETCDCTL_CACERT=/etc/etcd/ssl/etcd-ca.pem
	export ETCDCTL_CERT=/etc/etcd/ssl/etcd.pem
	export ETCDCTL_KEY=/etc/etcd/ssl/etcd-key.pem
fi

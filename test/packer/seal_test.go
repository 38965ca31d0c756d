//go:build e2e

package packer

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"runtime"
	"strings"
	"testing"
)

// otherArch is one that this machine is not.
func otherArch() string {
	if runtime.GOARCH == "arm64" {
		return "amd64"
	}
	return "arm64"
}

// What a build leaves on an image by mistake fails it, and is named.
func TestTheSealHasTeeth(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	leave := func(path string, content []byte) string {
		encoded := base64.StdEncoding.EncodeToString(content)
		return fmt.Sprintf("install -D /dev/null %[1]s && echo %[2]s | base64 -d >%[1]s", path, encoded)
	}
	pemKey := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	for name, test := range map[string]struct {
		before, clean, says string
	}{
		"PEM key":         {leave("/etc/etcd/ssl/etcd-key.pem", pemKey), "", "/etc/etcd/ssl/etcd-key.pem: a private key"},
		"PEM key abroad":  {leave("/opt/app/.tls", pemKey), "", "/opt/app/.tls: a private key"},
		"DER key":         {leave("/srv/backup.bin", der), "", "/srv/backup.bin: a private key"},
		"SEC 1 DER key":   {leave("/home/packer/k", sec1), "", "/home/packer/k: a private key"},
		"data dir":        {leave("/var/lib/etcd/member/snap/db", []byte("x")), "", "/var/lib/etcd/member: data of an etcd"},
		"etcd.conf":       {leave("/etc/etcd/etcd.conf", []byte("ETCD_NAME=a\n")), "", "/etc/etcd/etcd.conf: configuration of one host"},
		"used machine ID": {"systemd-machine-id-setup", "false", "/etc/machine-id: the machine ID of this guest"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLab(t)
			h := l.guest()
			args := map[string]string{"mirror": quoted(mirrorURL(goodMirror)), "clean": test.clean}
			output := l.fails(bake{before: []string{test.before}, args: args}, test.says)
			if line := strings.Split(string(pemKey), "\n")[1]; strings.Contains(output, line) {
				t.Errorf("packer shows the key:\n%s", output)
			}
			l.nothingOfABuild(h)
		})
	}
}

//go:build e2e

package e2e

import (
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"text/template"
	"time"
)

// addTutorial installs three hosts as the hand-written tutorial has them: what etcdbake is compared with.
func (l *lab) addTutorial() {
	l.t.Helper()
	text, err := os.ReadFile("testdata/tutorial.yaml.tmpl")
	if err != nil {
		l.t.Fatal(err)
	}
	userData := template.Must(template.New("tutorial").Option("missingkey=error").Parse(string(text)))
	values := tutorialCertificate(l.t)
	values["Version"], values["Arch"] = version, runtime.GOARCH
	values["Mirror"] = mirrorURL(goodMirror)
	var cluster []string
	for i, address := range addresses() {
		cluster = append(cluster, fmt.Sprintf("master%d=https://%s:2380", i+1, address))
	}
	values["InitialCluster"] = strings.Join(cluster, ",")
	for i, address := range addresses() {
		values["Name"], values["Address"] = fmt.Sprintf("master%d", i+1), address
		var out bytes.Buffer
		if err := userData.Execute(&out, values); err != nil {
			l.t.Fatal(err)
		}
		l.add(values["Name"], address, out.Bytes())
	}
}

// tutorialCertificate makes a CA and the one certificate that all members share, RSA as in the tutorial, in base64.
func tutorialCertificate(t *testing.T) map[string]string {
	t.Helper()
	caKey, key := newRSAKey(t), newRSAKey(t)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "etcd"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "etcd"}, NotBefore: ca.NotBefore, NotAfter: ca.NotAfter,
		KeyUsage:    x509.KeyUsageDigitalSignature | x509.KeyUsageKeyEncipherment,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	for _, address := range addresses() {
		leaf.IPAddresses = append(leaf.IPAddresses, net.ParseIP(address))
	}
	certificate := func(template *x509.Certificate, public *rsa.PublicKey) string {
		der, err := x509.CreateCertificate(rand.Reader, template, ca, public, caKey)
		if err != nil {
			t.Fatal(err)
		}
		return base64PEM("CERTIFICATE", der)
	}
	return map[string]string{
		"CA":   certificate(ca, &caKey.PublicKey),
		"Cert": certificate(leaf, &key.PublicKey),
		"Key":  base64PEM("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)),
	}
}

func newRSAKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func base64PEM(kind string, der []byte) string {
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

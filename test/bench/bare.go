package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"
)

// bare makes the keys and certificates of so many clusters of three with Go's crypto alone, and keeps none of them: what no
// program that makes them can do without. It uses all processors. For each cluster it also calls keep.
func bare(clusters int, keep func(cluster int) error) error {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for i := range clusters {
		g.Go(func() error {
			if err := bareCluster(); err != nil {
				return err
			}
			return keep(i)
		})
	}
	return g.Wait()
}

// bareCluster makes 2 CAs, 3 server, 3 peer leaves and 1 client leaf.
func bareCluster() error {
	for _, leaves := range []int{4, 3} {
		ca := bareTemplate("ca")
		ca.BasicConstraintsValid, ca.IsCA, ca.KeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign
		key, err := bareSign(ca, ca, nil)
		for range leaves {
			leaf := bareTemplate("master1")
			leaf.KeyUsage = x509.KeyUsageDigitalSignature
			leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
			leaf.DNSNames = []string{"master1", "localhost"}
			leaf.IPAddresses = []net.IP{{10, 140, 0, 2}, {127, 0, 0, 1}, net.IPv6loopback}
			if err == nil {
				_, err = bareSign(leaf, ca, key)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func bareTemplate(name string) *x509.Certificate {
	now := time.Now()
	return &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: now, NotAfter: now.Add(time.Hour)}
}

// bareSign makes a key and its certificate, signed with by or with the new key itself, and returns the key.
func bareSign(template, ca *x509.Certificate, by *ecdsa.PrivateKey) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	if by == nil {
		by = key
	}
	_, err = x509.CreateCertificate(rand.Reader, template, ca, key.Public(), by)
	return key, err
}

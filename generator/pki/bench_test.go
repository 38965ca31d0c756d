package pki_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"path/filepath"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/etcdbake/etcdbake/generator/pki/pkitest"
)

// BenchmarkEnsure makes the example's nine certificates: in an empty folder, and with everything there. Bare is what the
// same keys and signatures cost with Go's crypto alone: no cfssl, no files, one after the other.
func BenchmarkEnsure(b *testing.B) {
	b.Run("fresh", func(b *testing.B) {
		dir := b.TempDir()
		for i := 0; b.Loop(); i++ {
			if _, _, err := ensure(b, filepath.Join(dir, fmt.Sprint(i)), pkitest.Cluster(), pkitest.Clock()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("rerun", func(b *testing.B) {
		dir := pkitest.Dir(b)
		for b.Loop() {
			if _, _, err := ensure(b, dir, pkitest.Cluster(), pkitest.Clock()); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			bare(b, false)
		}
	})
	b.Run("bare-parallel", func(b *testing.B) {
		for b.Loop() {
			bare(b, true)
		}
	})
}

func bare(b *testing.B, parallel bool) {
	var g errgroup.Group
	if !parallel {
		g.SetLimit(1)
	}
	for _, leaves := range []int{4, 3} {
		g.Go(func() error {
			ca := &x509.Certificate{
				SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ca"}, NotAfter: pkitest.Clock().Add(year),
				BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
			}
			key, err := bareSign(ca, ca, nil)
			for range leaves {
				leaf := &x509.Certificate{
					SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "leaf"}, NotAfter: pkitest.Clock().Add(year),
					DNSNames: []string{"master1", "localhost"}, KeyUsage: x509.KeyUsageDigitalSignature,
				}
				if err == nil {
					_, err = bareSign(leaf, ca, key)
				}
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		b.Fatal(err)
	}
}

// bareSign signs with by, or with the new key itself, which it returns.
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

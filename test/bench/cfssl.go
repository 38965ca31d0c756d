package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// The tutorials' input files: a profile for each kind of leaf, with the usages that etcd needs.
const (
	caConfig = `{"signing": {"default": {"expiry": "43800h"}, "profiles": {
  "server": {"expiry": "43800h", "usages": ["signing", "key encipherment", "server auth", "client auth"]},
  "peer":   {"expiry": "43800h", "usages": ["signing", "key encipherment", "server auth", "client auth"]},
  "client": {"expiry": "43800h", "usages": ["signing", "key encipherment", "client auth"]}}}}
`
	csr = `{"CN": "bench", "key": {"algo": "ecdsa", "size": 256}, "names": [{"O": "bench"}]}
`
)

// cfssl runs the cfssl and cfssljson binaries in the folder bin.
type cfssl struct{ bin string }

func (c cfssl) writeInputs(dir string) error {
	return errors.Join(
		os.WriteFile(filepath.Join(dir, "ca-config.json"), []byte(caConfig), 0o600),
		os.WriteFile(filepath.Join(dir, "csr.json"), []byte(csr), 0o600))
}

// pipelines makes the nine certificates one after the other, as a script does.
func (c cfssl) pipelines(dir string) error {
	for _, ca := range []string{"ca", "peer-ca"} {
		if err := c.pipeline(dir, ca, "gencert", "-initca", "csr.json"); err != nil {
			return err
		}
	}
	for i := range 3 {
		name := fmt.Sprintf("master%d", i+1)
		hosts := fmt.Sprintf("%s,10.140.0.%d,localhost,127.0.0.1,::1", name, i+2)
		if err := errors.Join(
			c.sign(dir, "ca", "server", name+"-server", hosts),
			c.sign(dir, "peer-ca", "peer", name+"-peer", hosts)); err != nil {
			return err
		}
	}
	return c.sign(dir, "ca", "client", "verify", "")
}

// sign makes one leaf by the profile.
func (c cfssl) sign(dir, ca, profile, name, hosts string) error {
	return c.pipeline(dir, name, "gencert", "-ca="+ca+".pem", "-ca-key="+ca+"-key.pem",
		"-config=ca-config.json", "-profile="+profile, "-hostname="+hosts, "csr.json")
}

// pipeline runs `cfssl args… | cfssljson -bare name` in dir; afterwards name.pem and name-key.pem are there.
func (c cfssl) pipeline(dir, name string, args ...string) error {
	var said bytes.Buffer
	from := exec.Command(filepath.Join(c.bin, "cfssl"), args...)
	to := exec.Command(filepath.Join(c.bin, "cfssljson"), "-bare", name)
	from.Dir, to.Dir = dir, dir
	from.Stderr = &said
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	from.Stdout, to.Stdin = w, r
	err = errors.Join(from.Start(), to.Start(), w.Close(), r.Close())
	if err == nil {
		err = errors.Join(from.Wait(), to.Wait())
	}
	if err == nil {
		_, err = os.Stat(filepath.Join(dir, name+"-key.pem"))
	}
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, said.Bytes())
	}
	return nil
}

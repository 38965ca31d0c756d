package verifycmd

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/etcdbake/etcdbake/verify"
)

// credentials reads the files that flags, else ETCDCTL_* variables, else the pki/ folder beside the expectation name.
func (c *command) credentials() (verify.Credentials, error) {
	ca, cert, key := c.flagOr(c.cacert, "ETCDCTL_CACERT"), c.flagOr(c.cert, "ETCDCTL_CERT"), c.flagOr(c.key, "ETCDCTL_KEY")
	if ca+cert+key == "" && c.expect != "" {
		ca, cert, key = c.beside()
	}
	var creds verify.Credentials
	for _, f := range []struct {
		flag, path string
		data       *[]byte
	}{{"--cacert", ca, &creds.CA}, {"--cert", cert, &creds.Cert}, {"--key", key, &creds.Key}} {
		if f.path == "" {
			continue
		}
		data, err := os.ReadFile(f.path)
		switch {
		case err != nil:
			return verify.Credentials{}, fmt.Errorf("%s: %w", f.flag, err)
		case len(data) == 0:
			return verify.Credentials{}, fmt.Errorf("%s: %s is empty", f.flag, f.path)
		}
		*f.data = data
	}
	return creds, nil
}

func (c *command) flagOr(flag, env string) string {
	if flag != "" {
		return flag
	}
	return c.getenv(env)
}

// beside names the verifier's own credentials in pki/ next to the folder of the expectation, where there are any.
func (c *command) beside() (ca, cert, key string) {
	pki := filepath.Join(filepath.Dir(c.expect), "..", "pki")
	cert = filepath.Join(pki, "clients", "verify.pem")
	if _, err := os.Stat(cert); errors.Is(err, fs.ErrNotExist) {
		return "", "", ""
	}
	return filepath.Join(pki, "ca.pem"), cert, filepath.Join(pki, "clients", "verify-key.pem")
}

// login splits --user, or the variables that etcdctl reads.
func (c *command) login() error {
	user := c.flagOr(c.user, "ETCDCTL_USER")
	if user == "" {
		return nil
	}
	name, password, _ := strings.Cut(user, ":")
	if password == "" {
		password = c.getenv("ETCDCTL_PASSWORD")
	}
	if name == "" || password == "" {
		return errors.New("--user needs a name and a password: name:password, or the password in ETCDCTL_PASSWORD")
	}
	c.options.Username, c.options.Password = name, password
	return nil
}

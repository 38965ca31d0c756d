package rehearse

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/etcdbake/etcdbake/generator/userdata"
	"github.com/etcdbake/etcdbake/verify"
	"github.com/etcdbake/etcdbake/verify/expect"
)

// VerifyCert and VerifyKey are where in pki/ the client certificate is that every cluster has for verification; CA is who
// signs servers.
const (
	CA         = "ca.pem"
	VerifyCert = "clients/verify.pem"
	VerifyKey  = "clients/verify-key.pem"
)

// Load reads the artefacts in folder out, and the verifier's credentials in folder pki; no CA key is read.
func Load(out, pki string) (*Artefacts, error) {
	cluster, err := expect.Load(filepath.Join(out, "expect.json"))
	if err != nil {
		return nil, hint(err)
	}
	a := &Artefacts{Expect: cluster, UserData: map[string][]byte{}}
	for _, m := range cluster.Members {
		if !filepath.IsLocal(m.Name) || filepath.Base(m.Name) != m.Name {
			return nil, fmt.Errorf("%s: member name %q is no file name", filepath.Join(out, "expect.json"), m.Name)
		}
		if a.UserData[m.Name], err = userData(out, m.Name); err != nil {
			return nil, hint(fmt.Errorf("the user-data of member %s: %w", m.Name, err))
		}
	}
	if a.Image, err = image(filepath.Join(out, "image")); err != nil {
		return nil, fmt.Errorf("the golden image: %w", err)
	}
	if a.Credentials, err = credentials(pki); err != nil {
		return nil, hint(err)
	}
	return a, nil
}

// userData reads what one member's host is given: the one file in any folder of out that is named after the member, in any
// format, and however it is wrapped.
func userData(out, member string) ([]byte, error) {
	folders, err := os.ReadDir(out)
	if err != nil {
		return nil, err
	}
	var found []string
	for _, folder := range folders {
		for _, format := range []string{".yaml", ".sh", ".ign", ".iso"} {
			for _, wrapping := range []string{"", ".gz", ".gz.b64"} {
				path := filepath.Join(out, folder.Name(), member+format+wrapping)
				if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
					found = append(found, path)
				}
			}
		}
	}
	switch len(found) {
	case 0:
		return nil, &fs.PathError{Op: "find", Path: filepath.Join(out, "user-data", member+".yaml"), Err: fs.ErrNotExist}
	case 1:
		return os.ReadFile(found[0])
	}
	return nil, fmt.Errorf("there are %s: remove what is out of date", strings.Join(found, " and "))
}

// image reads the files below dir, which a golden image has at the same paths; none where there is no dir.
func image(dir string) ([]userdata.File, error) {
	var files []userdata.File
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		files = append(files, userdata.File{Path: strings.TrimPrefix(path, dir), Mode: 0o644, Content: content})
		return err
	})
	if errors.Is(err, fs.ErrNotExist) && files == nil {
		return nil, nil
	}
	return files, err
}

func credentials(pki string) (verify.Credentials, error) {
	var c verify.Credentials
	for _, f := range []struct {
		name string
		pem  *[]byte
	}{{CA, &c.CA}, {VerifyCert, &c.Cert}, {VerifyKey, &c.Key}} {
		pem, err := os.ReadFile(filepath.Join(pki, f.name))
		if err != nil {
			return c, fmt.Errorf("the credentials to verify with: %w", err)
		}
		*f.pem = pem
	}
	return c, nil
}

// hint adds how to get a file that is missing.
func hint(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w\nmake the artefacts first: etcdbake generate; or name their folders with --out and --pki", err)
	}
	return err
}

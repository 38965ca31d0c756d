package spec

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Load reads, checks and defaults the spec file at path. Each of choices changes the target that the file says, before it is
// checked and before defaults that depend on it. The problems that come with a nil error are warnings. A spec that is not
// valid gives an *Error with all problems of the file; other errors are of reading the file.
func Load(path string, choices ...func(*Target)) (*Cluster, []Problem, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%w\nhint: name the spec with -f, or begin one with: etcdbake init > %s", err, path)
	}
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	src, err := io.ReadAll(io.LimitReader(f, maxSize+1)) // one more than Parse takes, so that it notices
	if err != nil {
		return nil, nil, err
	}
	return Parse(path, src, choices...)
}

// Parse is Load for the content of a spec file. Relative paths in it are taken from file's folder.
func Parse(file string, src []byte, choices ...func(*Target)) (*Cluster, []Problem, error) {
	d := open(file, src)
	if d.root == nil {
		return nil, nil, &Error{sorted(d.problems)}
	}
	d.structure(d.root, parsedSchema(), "")
	c, err := d.decode()
	if err != nil { // cannot be, after the check of the structure
		return nil, nil, fmt.Errorf("%s: %w", file, err)
	}
	for _, choose := range choices {
		choose(&c.Target)
	}
	d.check(c)
	problems := sorted(d.problems)
	if d.failed() {
		return nil, nil, &Error{problems}
	}
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, nil, err
	}
	complete(c, dir)
	return c, problems, nil
}

// decode returns the file's values over the defaults.
func (d *document) decode() (*Cluster, error) {
	c := defaults()
	if err := d.root.Decode(c); err != nil {
		return nil, err
	}
	for i := range c.Members {
		c.Members[i].Arch = cmp.Or(c.Members[i].Arch, "amd64")
	}
	return c, nil
}

// check judges what the values mean. It leaves alone what is empty: that has been reported or is not needed.
func (d *document) check(c *Cluster) {
	d.checkName(d.node("name"), "name", c.Name)
	d.checkMembers(c.Members)
	d.checkEtcd(c)
	d.checkPKI(&c.PKI)
	d.checkClients(c.Clients)
	d.checkTarget(c)
	d.checkTuning(&c.Tuning)
	d.checkSettings(c.Etcd)
	d.checkDataDisk(&c.DataDisk)
	d.checkShred(c)
	d.checkMaintenance(&c.Maintenance)
}

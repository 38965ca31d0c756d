// Package plan decides what one host must look like to become a member: the one source of truth that every format encodes.
package plan

import (
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/etcdbake/etcdbake/generator/pki"
	"github.com/etcdbake/etcdbake/generator/spec"
	"github.com/etcdbake/etcdbake/templates"
)

// Host is everything that one member's host needs, complete and in a fixed order.
type Host struct {
	Cluster string
	Name    string
	// Directories are made before any file is written, with their modes from the first moment. Others that files need have
	// mode 0755.
	Directories []Directory
	Files       []File
	// Unit is enabled, and started without waiting for it, once everything else is there; it does the rest.
	Unit string
	// Check is a command that prints why first boot can never succeed on this host, and fails then. It waits for nothing.
	Check []string
	// Extra are the units besides etcd.service that first boot enables and starts.
	Extra []string
	// Done is a file on the host that is one line, ID, once first boot has done its work with all of the above. Until then a
	// format may write everything again, and afterwards it must not: files may have been changed on the host.
	Done, ID string
	// Mark is a file beside the data that is one line, Owner, once first boot has made them this member's. With another line in
	// it, nothing must be written: the host is another member.
	Mark, Owner string
}

// OldestSystemd is the first version that takes all units: oneshot services with Restart= came with 244
// (https://github.com/systemd/systemd/pull/13754), older ones refuse to load them. Other settings that a version does not know,
// it leaves out with a warning.
const OldestSystemd = 244

// Directory is a folder on the host, owned by root.
type Directory struct {
	Path string
	Mode fs.FileMode
}

// File is a file on the host, owned by root; the first-boot script gives keys to user etcd, which does not exist before.
type File struct {
	Path    string
	Mode    fs.FileMode
	Content []byte
	SHA256  string // of Content, in hex
	// Secret files hold a private key.
	Secret bool
	Layer  Layer
}

// NewFile returns a file of mode 0644, and not a secret one.
func NewFile(path string, content []byte, layer Layer) File {
	return File{Path: path, Mode: 0o644, Content: content, SHA256: digest(content), Layer: layer}
}

// Layer tells what is the same on every host of a cluster from what is one host's own.
type Layer string

// The image layer may be baked into a golden image: it holds no secret and nothing of one host.
const (
	Image    Layer = "image"
	Identity Layer = "identity"
)

// Paths on the host.
const (
	firstBootEnvPath = "/etc/etcdbake/first-boot.env"
	tlsDir           = "/etc/etcd/ssl"
	caPath           = tlsDir + "/etcd-ca.pem"
	serverCertPath   = tlsDir + "/etcd.pem"
	serverKeyPath    = tlsDir + "/etcd-key.pem"
	peerCAPath       = tlsDir + "/etcd-peer-ca.pem"
	peerCertPath     = tlsDir + "/etcd-peer.pem"
	peerKeyPath      = tlsDir + "/etcd-peer-key.pem"
	dataDir          = "/var/lib/etcd"
	unitDir          = "/etc/systemd/system/"
	firstBootUnit    = "etcdbake-first-boot.service"
)

// Hosts returns the plan of every member, in the spec's order; for hosts of a golden image, the identity layer alone. An
// error means that the bundle lacks a member or that a template does not fit its data.
func Hosts(c *spec.Cluster, bundle *pki.Bundle) ([]Host, error) {
	var image []File
	if c.Target.Image != spec.GoldenImage {
		var err error
		if image, err = imageFiles(c); err != nil {
			return nil, err
		}
	}
	shared, err := templates.Render(templates.EtcdSharedConf, sharedSettings(c))
	if err != nil {
		return nil, err
	}
	var hosts []Host
	for _, m := range c.Members {
		identity, err := identityFiles(c, m, bundle, string(shared))
		if err != nil {
			return nil, err
		}
		id, files := identify(append(image[:len(image):len(image)], identity...))
		hosts = append(hosts, Host{
			Cluster:     c.Name,
			Name:        m.Name,
			Directories: []Directory{{"/etc/etcd", 0o755}, {tlsDir, 0o700}},
			Files:       files,
			Unit:        firstBootUnit,
			Check:       []string{"sh", "/etc/etcdbake/first-boot", "check"},
			Extra:       extraUnits(c),
			Done:        "/var/lib/etcdbake/done",
			ID:          id,
			Mark:        dataDir + "/member/etcdbake",
			Owner:       m.Name + " of " + c.Name,
		})
	}
	return hosts, nil
}

// imageFiles are the same on every host of the cluster.
func imageFiles(c *spec.Cluster) ([]File, error) {
	return render(Image, []rendering{
		{"/etc/etcdbake/first-boot", templates.FirstBoot, nil},
		{unitDir + firstBootUnit, templates.FirstBootService, nil},
		{unitDir + "etcd.service", templates.EtcdService, struct{ BinDir string }{c.Etcd.BinDir}},
		{"/etc/profile.d/etcdctl.sh", templates.EtcdctlProfile, struct{ BinDir string }{ownBinDir(c.Etcd.BinDir)}},
	})
}

func identityFiles(c *spec.Cluster, m spec.Member, bundle *pki.Bundle, sharedConf string) ([]File, error) {
	identity, ok := bundle.Members[m.Name]
	if !ok {
		return nil, fmt.Errorf("no certificates for member %s", m.Name)
	}
	renderings := []rendering{
		{firstBootEnvPath, templates.FirstBootEnv, firstBootEnv(c, m, bundle, identity)},
		{"/etc/etcd/etcd.conf", templates.EtcdConf, etcdConf(c, m, sharedConf)},
	}
	for _, o := range options(c) {
		renderings = append(renderings, o.files...)
	}
	files, err := render(Identity, renderings)
	if err != nil {
		return nil, err
	}
	certificate := func(path string, pem []byte) File { return NewFile(path, pem, Identity) }
	key := func(path string, pem []byte) File {
		f := NewFile(path, pem, Identity)
		f.Mode, f.Secret = 0o600, true
		return f
	}
	return append(files,
		certificate(caPath, bundle.CA.CertPEM),
		certificate(serverCertPath, identity.Server.CertPEM),
		key(serverKeyPath, identity.Server.KeyPEM),
		certificate(peerCAPath, bundle.PeerCA.CertPEM),
		certificate(peerCertPath, identity.Peer.CertPEM),
		key(peerKeyPath, identity.Peer.KeyPEM),
	), nil
}

// rendering is a template to be rendered to a path on the host.
type rendering struct {
	path, template string
	data           any
}

// render makes files; scripts and units lose their comments, settings keep theirs.
func render(layer Layer, renderings []rendering) ([]File, error) {
	var files []File
	for _, r := range renderings {
		to := templates.RenderLean
		if ext := path.Ext(r.template); ext == ".conf" || ext == ".env" {
			to = templates.Render
		}
		content, err := to(r.template, r.data)
		if err != nil {
			return nil, err
		}
		files = append(files, NewFile(r.path, content, layer))
	}
	return files, nil
}

func etcdConf(c *spec.Cluster, m spec.Member, shared string) any {
	return struct {
		Cluster, Member string
		Settings        []Setting
		Shared          string
	}{c.Name, m.Name, memberSettings(m), shared}
}

func firstBootEnv(c *spec.Cluster, m spec.Member, bundle *pki.Bundle, identity pki.Member) any {
	env := struct{ Version, Arch, Mirrors, SHA256, NotBefore, Proxy, BinDir, Units string }{
		Arch:      m.Arch,
		NotBefore: strconv.FormatInt(notBefore(bundle, identity).Unix(), 10),
		BinDir:    ownBinDir(c.Etcd.BinDir),
		Units:     strings.Join(extraUnits(c), " "),
	}
	if !c.Etcd.Preinstalled && c.Target.Image != spec.GoldenImage {
		env.Version = c.Etcd.Version
		env.Mirrors = strings.Join(c.Etcd.Mirrors, " ")
		env.SHA256 = c.Etcd.SHA256[m.Arch]
		env.Proxy = c.Etcd.Proxy
	}
	return env
}

// ownBinDir is the folder of the programs where it is not the one that the first-boot script and every PATH have.
func ownBinDir(dir string) string {
	if dir == spec.DefaultBinDir {
		return ""
	}
	return dir
}

// notBefore is when the last of the host's certificates becomes valid.
func notBefore(bundle *pki.Bundle, identity pki.Member) time.Time {
	latest := bundle.CA.NotBefore
	for _, t := range []time.Time{bundle.PeerCA.NotBefore, identity.Server.NotBefore, identity.Peer.NotBefore} {
		if t.After(latest) {
			latest = t
		}
	}
	return latest
}

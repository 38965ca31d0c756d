package packer

//go:generate go tool -modfile=../tools/packer-sdc/go.mod packer-sdc mapstructure-to-hcl2 -type Config
//go:generate ../tools/packer-sdc/docs

import (
	"github.com/hashicorp/packer-plugin-sdk/common"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"
)

// Config is the provisioner's block in a template. The comments of its fields are the users' documentation.
type Config struct {
	common.PackerConfig `mapstructure:",squash"`

	// The etcd version, all three parts, without a leading v. The default is `3.6.14`.
	Version string `mapstructure:"version" required:"false"`
	// The SHA-256 of the release's tarball for the guest's architecture, in hex. Needed for a version that etcdbake does not
	// know the digest of.
	SHA256 string `mapstructure:"sha256" required:"false"`
	// The architecture of the guest, `amd64` or `arm64`. By default the guest is asked. A guest of another architecture is
	// an error.
	Arch string `mapstructure:"arch" required:"false"`
	// A base URL to get the release from, before those in `mirrors`; the tarball is at
	// `MIRROR/vX.Y.Z/etcd-vX.Y.Z-linux-ARCH.tar.gz`. The default is the etcd project's own servers.
	Mirror string `mapstructure:"mirror" required:"false"`
	// Further base URLs, in order of preference.
	Mirrors []string `mapstructure:"mirrors" required:"false"`
	// For guests without a network: download the release on the machine that runs Packer, into Packer's cache directory, and
	// upload it. The default is `false`: the guest downloads. Its SHA-256 is checked either way.
	Upload bool `mapstructure:"upload" required:"false"`
	// The path of a release tarball on the machine that runs Packer. It is uploaded and nothing is downloaded.
	Source string `mapstructure:"source" required:"false"`
	// The path of a `cluster.yaml`: version, digests, mirrors, folder and etcd's settings are taken from it. `mirror` and
	// `mirrors` come before its own mirrors; `version`, `sha256`, `bin_dir` and `settings` cannot be given beside it.
	Spec string `mapstructure:"spec" required:"false"`
	// The folder on the guest for etcd, etcdctl and etcdutl. The default is `/usr/local/bin`.
	BinDir string `mapstructure:"bin_dir" required:"false"`
	// Further etcd settings that all members from this image start with, by flag name without the leading dashes, such as
	// `max-txn-ops = "256"`. They are checked against the etcd version. A member's own `etcd.conf` comes after them.
	Settings map[string]string `mapstructure:"settings" required:"false"`
	// Remove what a golden image must not hold: SSH host keys, authorized keys, the machine ID, cloud-init's state, logs,
	// shell histories. The default is `true`. With `false`, provisioners before this one must have done it: the seal looks for
	// the same, and only of authorized keys, which may be meant, does it no more than warn.
	Clean config.Trilean `mapstructure:"clean" required:"false"`
	// The command that runs a script on the guest as root. The default works for root, and for a user who may use sudo
	// without a password:
	//
	//     {{ if .Sudo }}sudo -n {{ end }}env {{ .Vars }} /bin/sh {{ .Path }}
	//
	// `Path` is the script, which is executable; `Vars` are the environment variables, quoted; `Sudo` tells whether the
	// communicator's user is not root. For a user whose sudo asks for a password:
	//
	//     echo 'packer' | sudo -S env {{ .Vars }} {{ .Path }}
	ExecuteCommand string `mapstructure:"execute_command" required:"false"`
	// The folder on the guest in which a private one is made for what is uploaded. The default is `/tmp`.
	RemoteFolder string `mapstructure:"remote_folder" required:"false"`
	// Environment variables of the scripts on the guest, such as `["https_proxy=http://proxy.example.com:3128"]`.
	Vars []string `mapstructure:"environment_vars" required:"false"`
	// The same as a map; it wins over `environment_vars`.
	Env map[string]string `mapstructure:"env" required:"false"`

	ctx interpolate.Context
}

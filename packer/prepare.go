package packer

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	packersdk "github.com/hashicorp/packer-plugin-sdk/packer"
	"github.com/hashicorp/packer-plugin-sdk/template/config"
	"github.com/hashicorp/packer-plugin-sdk/template/interpolate"
)

// defaultExecuteCommand starts the script with /bin/sh, so that it also runs from a folder that is mounted noexec.
const defaultExecuteCommand = "{{ if .Sudo }}sudo -n {{ end }}env {{ .Vars }} /bin/sh {{ .Path }}"

// prepare decodes the arguments, sets defaults and checks everything that can be known without the guest. All problems are
// in one *packersdk.MultiError.
func (c *Config) prepare(raws ...any) error {
	err := config.Decode(c, &config.DecodeOpts{
		PluginType:         "etcd",
		Interpolate:        true,
		InterpolateContext: &c.ctx,
		InterpolateFilter:  &interpolate.RenderFilter{Exclude: []string{"execute_command"}},
	}, raws...)
	if err != nil {
		return err
	}
	c.setDefaults()
	var errs *packersdk.MultiError
	for _, check := range []func() []error{
		c.checkTogether, c.checkArch, c.checkRelease, c.checkSource, c.checkVars, c.checkRemote,
	} {
		if problems := check(); len(problems) > 0 {
			errs = packersdk.MultiErrorAppend(errs, problems...)
		}
	}
	if errs != nil {
		return errs
	}
	return nil
}

func (c *Config) setDefaults() {
	if c.Clean == config.TriUnset {
		c.Clean = config.TriTrue
	}
	if c.ExecuteCommand == "" {
		c.ExecuteCommand = defaultExecuteCommand
	}
	if c.RemoteFolder == "" {
		c.RemoteFolder = "/tmp"
	}
}

// checkTogether reports arguments that contradict each other.
func (c *Config) checkTogether() (errs []error) {
	if c.Spec != "" {
		for name, given := range map[string]bool{
			"bin_dir": c.BinDir != "", "settings": len(c.Settings) > 0, "sha256": c.SHA256 != "", "version": c.Version != "",
		} {
			if given {
				errs = append(errs, fmt.Errorf("%s is given beside spec, which decides it\nhint: remove one of the two", name))
			}
		}
		slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	}
	if c.Source != "" && len(c.mirrors()) > 0 {
		errs = append(errs, errors.New("mirror and mirrors have no use beside source: nothing is downloaded\n"+
			"hint: remove one of the two"))
	}
	return errs
}

func (c *Config) checkArch() []error {
	if c.Arch == "" || slices.Contains(arches(), c.Arch) {
		return nil
	}
	return []error{fmt.Errorf("arch: %q is neither amd64 nor arm64\nhint: leave it out, and the guest is asked", c.Arch)}
}

// checkRelease judges version, digest, mirrors and settings. Where the architecture is the guest's to tell, it is enough
// that they are right for one.
func (c *Config) checkRelease() []error {
	candidates := arches()
	if slices.Contains(candidates, c.Arch) {
		candidates = []string{c.Arch}
	}
	var first error
	for _, arch := range candidates {
		_, _, err := c.layout(arch)
		if err == nil {
			return nil
		}
		if first == nil {
			first = err
		}
	}
	if joined, ok := first.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	return []error{first}
}

var releaseName = regexp.MustCompile(`^etcd-v(\d+\.\d+\.\d+)-linux-(\w+)\.tar\.gz$`)

// checkSource checks that there is a file, and that it is not called like another release.
func (c *Config) checkSource() []error {
	if c.Source == "" {
		return nil
	}
	if info, err := os.Stat(c.Source); err != nil {
		return []error{fmt.Errorf("source: %w\nhint: a relative path starts at the folder that packer runs in", err)}
	} else if !info.Mode().IsRegular() {
		return []error{fmt.Errorf("source: %s is not a file", c.Source)}
	}
	name := releaseName.FindStringSubmatch(filepath.Base(c.Source))
	cluster, _, err := c.cluster(arches()[0])
	if name == nil || err != nil { // the error has been reported
		return nil
	}
	if name[1] != cluster.Etcd.Version || c.Arch != "" && name[2] != c.Arch {
		return []error{fmt.Errorf("source: %s is not etcd %s%s\nhint: change version or source",
			filepath.Base(c.Source), cluster.Etcd.Version, prefixed(" for ", c.Arch))}
	}
	return nil
}

// prefixed is s after a prefix, or nothing.
func prefixed(prefix, s string) string {
	if s == "" {
		return ""
	}
	return prefix + s
}

var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// checkVars checks that environment variables have a name. It shows no value, which may be a secret.
func (c *Config) checkVars() (errs []error) {
	for i, v := range c.Vars {
		if name, _, ok := strings.Cut(v, "="); !ok || !variableName.MatchString(name) {
			errs = append(errs, fmt.Errorf("environment_vars[%d] is not of the form NAME=value", i))
		}
	}
	for name := range c.Env {
		if !variableName.MatchString(name) {
			errs = append(errs, fmt.Errorf("env: %q is not the name of an environment variable", name))
		}
	}
	return errs
}

var scriptPath = regexp.MustCompile(`\{\{.*\.Path\b.*\}\}`)

// checkRemote checks what concerns the guest.
func (c *Config) checkRemote() (errs []error) {
	if !path.IsAbs(c.RemoteFolder) {
		errs = append(errs, fmt.Errorf("remote_folder: %q is not an absolute path\nhint: the default is /tmp", c.RemoteFolder))
	}
	if !scriptPath.MatchString(c.ExecuteCommand) {
		errs = append(errs, errors.New("execute_command does not run the script\nhint: it must use {{ .Path }}"))
	}
	return errs
}

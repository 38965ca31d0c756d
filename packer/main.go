package packer

import (
	"fmt"
	"io"
	"runtime"

	"github.com/hashicorp/packer-plugin-sdk/plugin"
	"github.com/hashicorp/packer-plugin-sdk/version"
)

// Main is the plugin's command line: "--version" for people, "describe" and "start" for Packer. It returns the exit code.
// pluginVersion is a semantic version.
func Main(args []string, pluginVersion string, out, errs io.Writer) int {
	if len(args) == 1 && (args[0] == "--version" || args[0] == "version") {
		fmt.Fprintf(out, "packer-plugin-etcd %s (%s %s/%s)\n", pluginVersion, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return 0
	}
	set := plugin.NewSet()
	set.RegisterProvisioner(plugin.DEFAULT_NAME, new(Provisioner))
	set.SetVersion(version.NewRawVersion(pluginVersion))
	if err := set.RunCommand(args...); err != nil {
		fmt.Fprintf(errs, "packer-plugin-etcd: %v\nhint: Packer starts this plugin; install it with: "+
			"packer plugins install --path packer-plugin-etcd github.com/etcdbake/etcd\n", err)
		return 1
	}
	return 0
}

package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// Version is what --version prints; the Makefile sets it through the linker.
var Version = "unknown"

// VersionCommand returns the command "version", which prints what --version does.
func VersionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			_, err := fmt.Fprintf(c.OutOrStdout(), "%s %s (%s %s/%s)\n",
				c.Root().Name(), Version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			return err
		},
	}
}

package bake

import (
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"al.essio.dev/pkg/shellescape"

	"github.com/etcdbake/etcdbake/generator"
	"github.com/etcdbake/etcdbake/generator/cloud"
	"github.com/etcdbake/etcdbake/generator/spec"
)

// writeNextSteps prints what to do with what was generated, as lines to paste into a shell.
func writeNextSteps(w io.Writer, o generateOptions, summary *generator.Summary) error {
	var text string
	switch summary.Format {
	case generator.Packer:
		text = bakeSteps(o)
	case generator.RootFS:
		text = unpackSteps(o, summary) + verifyStep(o, summary)
	default:
		text = bootSteps(o, summary) + verifyStep(o, summary)
	}
	_, err := io.WriteString(w, text)
	return err
}

func bootSteps(o generateOptions, summary *generator.Summary) string {
	target := summary.Cluster.Target
	text := "\nNext, boot these on this machine:\n\n" +
		fmt.Sprintf("  etcdbake rehearse --out %s --pki %s\n", shellescape.Quote(o.Out), shellescape.Quote(o.PKI))
	if target.Image == spec.GoldenImage {
		text += fmt.Sprintf("\nBake the image with etcd %s, unless you have it. Packer templates come from:\n\n  %s\n",
			summary.Cluster.Etcd.Version, generateLine(o, "--format", "packer")) +
			"\nCreate the hosts from it:\n\n"
	} else {
		text += "\nCreate the hosts:\n\n"
	}
	for i, m := range summary.Cluster.Members {
		artefact := summary.Members[i]
		command := cloud.CreateCommand(target, cloud.Host{Member: m, File: artefact.Path, Encoding: artefact.Encoding})
		if command == "" {
			command = byHand(summary.Format, m, artefact.Path)
		}
		text += "  " + command + "\n"
	}
	if summary.Format == generator.NoCloud {
		text += "\nThat is for libvirt. Other hypervisors, and machines themselves, take the same files as CD-ROMs.\n"
	}
	return text
}

// byHand says what to do with a file where no tool is known that would.
func byHand(format generator.Format, m spec.Member, path string) string {
	switch format {
	case generator.Script:
		return fmt.Sprintf("ssh %s sudo sh < %s # %s", shellescape.Quote(m.Address), shellescape.Quote(path), m.Name)
	case generator.Ignition:
		return fmt.Sprintf("give %s, at %s, the Ignition config %s", m.Name, m.Address, path)
	}
	return fmt.Sprintf("give %s, at %s, the user-data %s", m.Name, m.Address, path)
}

func bakeSteps(o generateOptions) string {
	folder := shellescape.Quote(filepath.Join(o.Out, "packer", "qemu"))
	return "\nNext, bake an image, for example one for QEMU; googlecompute and amazon-ebs are beside it:\n\n" +
		"  packer init " + folder + "\n  packer build " + folder + "\n" +
		fmt.Sprintf("\nIn %s are templates that do without etcdbake's plugin.\n",
			shellescape.Quote(filepath.Join(o.Out, "packer", "shell"))) +
		"\nThen write the user-data of its hosts:\n\n  " + generateLine(o, "--image", "golden") + "\n"
}

// unpackSteps names the image's tar only where it has something that the member's has not.
func unpackSteps(o generateOptions, summary *generator.Summary) string {
	text := "\nNext, unpack these as root over the root file system of each host, $ROOT:\n\n"
	arches := summary.Cluster.Arches()
	golden := summary.Cluster.Target.Image == spec.GoldenImage
	for i, m := range summary.Cluster.Members {
		tars := []string{summary.Members[i].Path}
		if golden || len(o.Releases) > 0 {
			image := summary.Shared[slices.Index(arches, m.Arch)].Path // images are in the order of Arches
			tars = append([]string{image}, tars...)
		}
		for _, path := range tars {
			text += fmt.Sprintf("  tar -xpf %s -C \"$ROOT\" # %s\n", shellescape.Quote(path), m.Name)
		}
	}
	return text
}

func verifyStep(o generateOptions, summary *generator.Summary) string {
	return "\nAnd prove that they are one healthy cluster:\n\n" +
		fmt.Sprintf("  etcd-verify --expect %s --cacert %s --cert %s --key %s --wait 10m\n",
			shellescape.Quote(summary.Expect), shellescape.Quote(filepath.Join(o.PKI, "ca.pem")),
			shellescape.Quote(filepath.Join(o.PKI, "clients", "verify.pem")),
			shellescape.Quote(filepath.Join(o.PKI, "clients", "verify-key.pem")))
}

// generateLine is this run's command line with other choices.
func generateLine(o generateOptions, more ...string) string {
	words := []string{"etcdbake", "generate"}
	for _, f := range [][3]string{{"-f", o.Spec, defaultSpec}, {"--pki", o.PKI, "pki"}, {"--out", o.Out, "out"}} {
		if f[1] != f[2] {
			words = append(words, f[0], f[1])
		}
	}
	return strings.TrimSpace(shellescape.QuoteCommand(append(words, more...)))
}

package docs_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcdbake/etcdbake/test/internal/packertest"
)

// around makes a template of a block that shows a provisioner only.
const around = `packer {
  required_plugins {
    etcd = {
      source  = "github.com/etcdbake/etcd"
      version = ">= 0.1.0"
    }
  }
}

source "null" "example" {
  ssh_host     = "192.0.2.1"
  ssh_username = "packer"
  ssh_password = "none"
}

build {
  sources = ["source.null.example"]

`

func TestProvisionersInTheDocumentationAreValid(t *testing.T) {
	packer := packertest.New(t)
	each(t, func(t *testing.T, path, markdown string) {
		scratch := t.TempDir()
		for _, b := range blocks(markdown) {
			if isSpec(b) && b.info != "" {
				if err := os.WriteFile(filepath.Join(scratch, b.info), []byte(b.text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if b.language != "hcl" {
				continue
			}
			if !strings.HasPrefix(b.text, "provisioner ") {
				t.Errorf("%s:%d: this is not a provisioner block, so no test knows how to complete it", path, b.line)
				continue
			}
			template := filepath.Join(t.TempDir(), "docs.pkr.hcl")
			if err := os.WriteFile(template, []byte(around+b.text+"}\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if out, err := packer.Command(t, scratch, "validate", template).CombinedOutput(); err != nil {
				t.Errorf("%s:%d: %v\n%s", path, b.line, err, out)
			}
		}
	})
}

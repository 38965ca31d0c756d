# What is baked, as cluster.yaml has it. Written by etcdbake; `etcdbake generate --format packer` writes it anew.

variable "arch" {
  type        = string
  description = "The architecture of the image: {{.ArchWords}}."
  default     = {{.Arch}}
}

locals {
  as_root = "sudo -n env {{"{{ .Vars }}"}} /bin/sh {{"{{ .Path }}"}}"

  # Makes user etcd and installs the release, given the path of a file that says which.
  install = {{.Install}}

  # For the image's name. Which release is installed is in ../files/install-ARCH.env.
  etcd_version = {{.Version}}
}

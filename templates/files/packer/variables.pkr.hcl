# What is baked, as cluster.yaml has it. Written by etcdbake; `etcdbake generate --format packer` writes it anew.

variable "arch" {
  type        = string
  description = "The architecture of the image: {{.ArchWords}}."
  default     = {{.Arch}}
}

variable "etcd_version" {
  type        = string
  description = "The etcd release."
  default     = {{.Version}}
}

variable "etcd_sha256" {
  type        = map(string)
  description = "SHA-256 of the release's tarball, by architecture."
  default     = {{.SHA256}}
}

variable "etcd_mirrors" {
  type        = list(string)
  description = "Where the release is: at MIRROR/vVERSION/etcd-vVERSION-linux-ARCH.tar.gz."
  default     = {{.Mirrors}}
}

variable "etcd_settings" {
  type        = map(string)
  description = "Further settings of etcd that a member has unless its own etcd.conf says otherwise."
  default     = {{.Settings}}
}

locals {
  etcd_version = var.etcd_version
}

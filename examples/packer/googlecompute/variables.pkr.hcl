# What is baked, as cluster.yaml has it. Written by etcdbake; `etcdbake generate --format packer` writes it anew.

variable "arch" {
  type        = string
  description = "The architecture of the image: amd64."
  default     = "amd64"
}

variable "etcd_version" {
  type        = string
  description = "The etcd release."
  default     = "3.6.14"
}

variable "etcd_sha256" {
  type        = map(string)
  description = "SHA-256 of the release's tarball, by architecture."
  default = {
    amd64 = "ffe840ff9295808e88cce2794a18a5ac87f12a5203c8314d0bf6aa119b41bac5"
  }
}

variable "etcd_mirrors" {
  type        = list(string)
  description = "Where the release is: at MIRROR/vVERSION/etcd-vVERSION-linux-ARCH.tar.gz."
  default     = ["https://storage.googleapis.com/etcd", "https://github.com/etcd-io/etcd/releases/download"]
}

variable "etcd_settings" {
  type        = map(string)
  description = "Further settings of etcd that a member has unless its own etcd.conf says otherwise."
  default     = {}
}

locals {
  etcd_version = var.etcd_version
}

packer {
  required_plugins {
    googlecompute = {
      source  = "github.com/hashicorp/googlecompute"
      version = "~> 1"
    }
  }
}

variable "project_id" {
  type        = string
  description = "The Google Cloud project that the image is for."
}

variable "zone" {
  type        = string
  description = "The zone in which the image is baked."
}

# Ubuntu, since Google's Debian images have no cloud-init.
source "googlecompute" "etcd" {
  project_id              = var.project_id
  zone                    = var.zone
  machine_type            = var.arch == "arm64" ? "t2a-standard-2" : "e2-standard-2"
  source_image_family     = "ubuntu-2404-lts-${var.arch}"
  source_image_project_id = ["ubuntu-os-cloud"]
  image_name              = "etcd-${replace(local.etcd_version, ".", "-")}-${var.arch}-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  image_family            = "etcd-${var.arch}"
  ssh_username            = "packer"
}

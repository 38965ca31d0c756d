packer {
  required_plugins {
    amazon = {
      source  = "github.com/hashicorp/amazon"
      version = "~> 1"
    }
  }
}

variable "region" {
  type        = string
  description = "The AWS region in which the image is baked."
}

source "amazon-ebs" "etcd" {
  region                  = var.region
  instance_type           = var.arch == "arm64" ? "m6g.large" : "m6i.large"
  ami_name                = "etcd-${local.etcd_version}-${var.arch}-${formatdate("YYYYMMDDhhmmss", timestamp())}"
  ssh_username            = "ubuntu"
  temporary_key_pair_type = "ed25519"

  # Canonical's Ubuntu 24.04.
  source_ami_filter {
    owners      = ["099720109477"]
    most_recent = true
    filters = {
      name                = "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-${var.arch}-server-*"
      root-device-type    = "ebs"
      virtualization-type = "hvm"
    }
  }

  # User-data is read with IMDSv2 only, which a request forged through a server on the host cannot easily reach.
  imds_support = "v2.0"
  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"
  }
}

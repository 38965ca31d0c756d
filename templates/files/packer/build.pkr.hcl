packer {
  required_version = ">= 1.11.0"
  required_plugins {
    etcd = {
      source  = "github.com/etcdbake/etcd"
      version = ">= 0.1.0"
    }
  }
}

build {
  sources = [{{.Source}}]

  # Your own provisioners belong here: this one is the last, since it cleans the image and proves that it holds no secret.
  provisioner "etcd" {
    version  = var.etcd_version
    sha256   = var.etcd_sha256[var.arch]
    arch     = var.arch
    bin_dir  = {{.BinDir}}
    mirrors  = var.etcd_mirrors
    settings = var.etcd_settings
  }
}

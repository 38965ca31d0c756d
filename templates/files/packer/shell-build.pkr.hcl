# Bakes the same image as the provisioner "etcd", without a plugin.

packer {
  required_version = ">= 1.11.0"
}

build {
  sources = [{{.Source}}]

  provisioner "shell" {
    execute_command = local.as_root
    script          = "${path.root}/../files/image-wait.sh"
  }

  provisioner "shell" {
    inline = ["mkdir -m 0700 /tmp/etcdbake"]
  }

  provisioner "file" {
    source      = "${path.root}/../files/"
    destination = "/tmp/etcdbake"
  }

  provisioner "shell" {
    execute_command = local.as_root
    inline = [
      "set -eu",
      "umask 022",
      "cp -R --no-preserve=mode,ownership /tmp/etcdbake/image/. /",
      "${local.install} /tmp/etcdbake/install-${var.arch}.env",
      "rm -rf /tmp/etcdbake",
    ]
  }

  # Your own provisioners belong here: the next two clean the image and prove that it holds no secret.
  provisioner "shell" {
    execute_command = local.as_root
    scripts = [
      "${path.root}/../files/image-clean.sh",
      "${path.root}/../files/image-seal.sh",
    ]
  }
}

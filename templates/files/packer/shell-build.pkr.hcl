# Bakes the same image as the provisioner "etcd", without a plugin.

packer {
  required_version = ">= 1.11.0"
}

build {
  sources = [{{.Source}}]

  # cloud-init is to be done with this machine before it is cleaned. 2 is "done, with warnings".
  provisioner "shell" {
    inline           = ["if command -v cloud-init >/dev/null; then cloud-init status --wait; fi"]
    valid_exit_codes = [0, 2]
  }

  provisioner "shell" {
    inline = ["mkdir -m 0700 /tmp/etcdbake"]
  }

  provisioner "file" {
    source      = "${path.root}/../files/"
    destination = "/tmp/etcdbake"
  }

  provisioner "shell" {
    execute_command = "sudo -n env {{"{{ .Vars }}"}} /bin/sh {{"{{ .Path }}"}}"
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
    execute_command = "sudo -n env {{"{{ .Vars }}"}} /bin/sh {{"{{ .Path }}"}}"
    scripts = [
      "${path.root}/../files/image-clean.sh",
      "${path.root}/../files/image-seal.sh",
    ]
  }
}

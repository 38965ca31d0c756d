packer {
  required_plugins {
    qemu = {
      source  = "github.com/hashicorp/qemu"
      version = "~> 1"
    }
  }
}

variable "source_image" {
  type        = string
  description = "The cloud image to begin with: path or URL of a disk with cloud-init and an SSH server."
  default     = "debian-12-genericcloud-amd64.qcow2"
}

variable "source_image_checksum" {
  type        = string
  description = "Such as sha512:DIGEST or file:PATH-OF-SHA512SUMS; none is for a file that you have checked."
  default     = "none"
}

variable "accelerator" {
  type        = string
  description = "kvm, or tcg where there is no KVM."
  default     = "kvm"
}

variable "output_directory" {
  type        = string
  description = "A folder that is not there yet."
  default     = "image"
}

# The user that Packer logs in as has a password that nobody is told, for as long as the image is being baked.
local "password" {
  expression = uuidv4()
  sensitive  = true
}

# An amd64 guest; one for arm64 needs another qemu_binary, machine_type and firmware.
source "qemu" "etcd" {
  iso_url          = var.source_image
  iso_checksum     = var.source_image_checksum
  disk_image       = true
  format           = "qcow2"
  output_directory = var.output_directory
  vm_name          = "etcd-${local.etcd_version}-${var.arch}.qcow2"

  accelerator  = var.accelerator
  machine_type = "pc"
  cpus         = 2
  memory       = 1024
  headless     = true

  cd_label = "cidata"
  cd_content = {
    meta-data = "instance-id: packer\n"
    user-data = <<-EOT
      #cloud-config
      ssh_pwauth: true
      users:
        - name: packer
          lock_passwd: false
          plain_text_passwd: ${local.password}
          sudo: ALL=(ALL) NOPASSWD:ALL
          shell: /bin/sh
    EOT
  }
  ssh_username = "packer"
  ssh_password = local.password
  ssh_timeout  = "10m"

  # The user goes with the machine, and so does what cloud-init wrote for it.
  shutdown_command = join("; ", [
    "sudo -n sh -c 'rm -f /etc/ssh/sshd_config.d/50-cloud-init.conf /etc/sudoers.d/90-cloud-init-users",
    "userdel --force --remove packer",
    "systemctl poweroff'",
  ])
}

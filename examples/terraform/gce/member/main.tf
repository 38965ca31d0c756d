# One member: its address, its instance, and the disk that its data are on.

resource "google_compute_address" "member" {
  name         = "${var.cluster}-${var.name}"
  address_type = "INTERNAL"
  address      = var.address
  subnetwork   = var.subnetwork
  region       = var.region
}

# What changes when the host's file does. Google changes metadata in place and does not boot the host for it, and cloud-init
# looks at user-data once: so this replaces the instance.
resource "terraform_data" "user_data" {
  input = filesha256(var.file)
}

resource "google_compute_instance" "member" {
  name         = var.name
  zone         = var.zone
  machine_type = var.machine_type
  tags         = [var.tag]

  boot_disk {
    initialize_params {
      image = var.image
    }
  }

  # The host has it as /dev/disk/by-id/google-etcd: data_disk.device in the spec.
  attached_disk {
    source      = google_compute_disk.data.id
    device_name = "etcd"
  }

  # Without access_config there is no public address. Hosts download etcd through Cloud NAT, unless it is on a golden image.
  network_interface {
    subnetwork = var.subnetwork
    network_ip = google_compute_address.member.address
  }

  # The plan does not show it, and a file that has not changed is no difference.
  metadata = sensitive(merge(
    { (endswith(var.file, ".sh") ? "startup-script" : "user-data") = file(var.file) },
    endswith(var.file, ".b64") ? { user-data-encoding = "base64" } : {},
  ))

  shielded_instance_config {
    enable_secure_boot = true
  }

  lifecycle {
    replace_triggered_by = [terraform_data.user_data]
    # A newer image must not replace all members at once: it comes with the next replacement, or with -replace.
    ignore_changes = [boot_disk[0].initialize_params[0].image]
  }
}

# The data outlive the instance: a member that is replaced goes on with them.
resource "google_compute_disk" "data" {
  name = "${var.cluster}-${var.name}-data"
  zone = var.zone
  type = "pd-ssd"
  size = var.disk_gib

  lifecycle {
    prevent_destroy = true
  }
}

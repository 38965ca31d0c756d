# The members of an etcd cluster, from what etcdbake generate wrote. Nothing is decided here that the spec decides: names and
# addresses come from expect.json, all else from the user-data.

locals {
  expect = jsondecode(file("${var.out}/expect.json"))

  # Each member's address, which the others dial, its zone, and the one file that its host is given.
  members = {
    for i, member in local.expect.members : member.name => {
      address = regex("^https://(.*):2380$", member.peer_urls[0])[0]
      zone    = var.zones[i % length(var.zones)]
      file    = "${var.out}/${one(fileset(var.out, "{user-data,script,ignition}/${member.name}.{yaml,sh,ign}{,.gz.b64}"))}"
    }
  }
}

# What changes when a host's file does. Google changes metadata in place and does not boot the host for it, and cloud-init
# looks at user-data once: so this replaces the instance.
resource "terraform_data" "user_data" {
  for_each = local.members
  input    = filesha256(each.value.file)
}

resource "google_compute_address" "member" {
  for_each = local.members

  name         = "${local.expect.name}-${each.key}"
  address_type = "INTERNAL"
  address      = each.value.address
  subnetwork   = var.subnetwork
  region       = var.region
}

resource "google_compute_instance" "member" {
  for_each = local.members

  name         = each.key
  zone         = each.value.zone
  machine_type = var.machine_type
  tags         = [local.tag]

  boot_disk {
    initialize_params {
      image = var.image
    }
  }

  # The host has it as /dev/disk/by-id/google-etcd: data_disk.device in the spec.
  attached_disk {
    source      = google_compute_disk.data[each.key].id
    device_name = "etcd"
  }

  # Without access_config there is no public address. Hosts download etcd through Cloud NAT, unless it is on a golden image.
  network_interface {
    subnetwork = var.subnetwork
    network_ip = google_compute_address.member[each.key].address
  }

  # The plan does not show it, and a file that has not changed is no difference.
  metadata = sensitive(merge(
    { (endswith(each.value.file, ".sh") ? "startup-script" : "user-data") = file(each.value.file) },
    endswith(each.value.file, ".b64") ? { user-data-encoding = "base64" } : {},
  ))

  shielded_instance_config {
    enable_secure_boot = true
  }

  lifecycle {
    replace_triggered_by = [terraform_data.user_data[each.key]]
    # A newer image must not replace all members at once: terraform apply -replace takes it to one of them.
    ignore_changes = [boot_disk[0].initialize_params[0].image]
  }
}

# The data outlive the instance: a member that is replaced goes on with them.
resource "google_compute_disk" "data" {
  for_each = local.members

  name = "${local.expect.name}-${each.key}-data"
  zone = each.value.zone
  type = "pd-ssd"
  size = var.disk_gib

  lifecycle {
    prevent_destroy = true
  }
}

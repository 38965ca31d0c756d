# Clients reach 2379 from where they are allowed to; 2380 is for the members alone. Google lets nothing else in, but many networks
# have a rule that lets all their hosts in (default-allow-internal): so what is not allowed here is denied. For ssh, add a rule
# of your own or use IAP.

locals {
  tag = "${local.expect.name}-etcd"
}

resource "google_compute_firewall" "clients" {
  name          = "${local.tag}-clients"
  network       = var.network
  priority      = 900
  source_ranges = var.client_cidrs
  target_tags   = [local.tag]

  allow {
    protocol = "tcp"
    ports    = ["2379"]
  }
}

resource "google_compute_firewall" "members" {
  name        = "${local.tag}-members"
  network     = var.network
  priority    = 900
  source_tags = [local.tag]
  target_tags = [local.tag]

  allow {
    protocol = "tcp"
    ports    = ["2379-2380"]
  }
}

resource "google_compute_firewall" "others" {
  name          = "${local.tag}-others"
  network       = var.network
  priority      = 901
  source_ranges = ["0.0.0.0/0"]
  target_tags   = [local.tag]

  deny {
    protocol = "tcp"
    ports    = ["2379-2380"]
  }
}

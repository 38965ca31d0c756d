# The members of an etcd cluster, from what etcdbake generate wrote. Nothing is decided here that the spec decides: names and
# addresses come from expect.json, all else from the user-data.

locals {
  expect = jsondecode(file("${var.out}/expect.json"))

  # Each member's address, which the others dial, its zone, and the one file that its host is given.
  members = {
    for i, member in local.expect.members : member.name => {
      address = regex("^https://(.*):2380$", member.peer_urls[0])[0]
      zone    = var.zones[i % length(var.zones)]
      file    = "${var.out}/${one(fileset(var.out, "{user-data,script,ignition}/${member.name}.{yaml,yaml.gz.b64,sh,ign}"))}"
    }
  }
}

# One module each, so that -target='module.member["master1"]' is all of one member and nothing of the others.
module "member" {
  source   = "./member"
  for_each = local.members

  name         = each.key
  cluster      = local.expect.name
  address      = each.value.address
  file         = each.value.file
  image        = var.image
  machine_type = var.machine_type
  region       = var.region
  zone         = each.value.zone
  subnetwork   = var.subnetwork
  tag          = local.tag
  disk_gib     = var.disk_gib
}

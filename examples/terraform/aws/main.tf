# The members of an etcd cluster, from what etcdbake generate wrote. Nothing is decided here that the spec decides: names and
# addresses come from expect.json, all else from the user-data.

locals {
  expect = jsondecode(file("${var.out}/expect.json"))

  # Each member's address, which the others dial, and the one file that its host is given.
  members = {
    for member in local.expect.members : member.name => {
      address = regex("^https://(.*):2380$", member.peer_urls[0])[0]
      file    = "${var.out}/${one(fileset(var.out, "{user-data,script,ignition}/${member.name}.{yaml,yaml.gz,sh,sh.gz,ign}"))}"
    }
  }
}

data "aws_subnet" "member" {
  for_each = local.members
  id       = var.subnet_ids[each.key]
}

data "aws_ssm_parameter" "ubuntu" {
  name = "/aws/service/canonical/ubuntu/server/24.04/stable/current/${var.architecture}/hvm/ebs-gp3/ami-id"
}

# One module each, so that -target='module.member["master1"]' is all of one member and nothing of the others.
module "member" {
  source   = "./member"
  for_each = local.members

  name              = each.key
  cluster           = local.expect.name
  address           = each.value.address
  user_data         = sensitive(filebase64(each.value.file)) # as bytes, since it may be gzip
  image_id          = var.image_id != "" ? var.image_id : data.aws_ssm_parameter.ubuntu.insecure_value
  instance_type     = var.instance_type
  subnet_id         = data.aws_subnet.member[each.key].id
  availability_zone = data.aws_subnet.member[each.key].availability_zone
  security_group_id = aws_security_group.etcd.id
  disk_gib          = var.disk_gib
}

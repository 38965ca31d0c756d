# The members of an etcd cluster, from what etcdbake generate wrote. Nothing is decided here that the spec decides: names and
# addresses come from expect.json, all else from the user-data.

locals {
  expect = jsondecode(file("${var.out}/expect.json"))

  # Each member's address, which the others dial, and the one file that its host is given.
  members = {
    for member in local.expect.members : member.name => {
      address   = regex("^https://(.*):2380$", member.peer_urls[0])[0]
      user_data = "${var.out}/${one(fileset(var.out, "{user-data,script,ignition}/${member.name}.{yaml,sh,ign}{,.gz}"))}"
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

resource "aws_instance" "member" {
  for_each = local.members

  ami                         = var.image_id != "" ? var.image_id : data.aws_ssm_parameter.ubuntu.insecure_value
  instance_type               = var.instance_type
  subnet_id                   = data.aws_subnet.member[each.key].id
  private_ip                  = each.value.address
  associate_public_ip_address = false
  vpc_security_group_ids      = [aws_security_group.etcd.id]

  # As bytes: it may be gzip. The plan does not show it, and a file that has not changed is no difference.
  user_data_base64            = sensitive(filebase64(each.value.user_data))
  user_data_replace_on_change = true

  # A request that is forged through a server on the host cannot easily read the user-data.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_type = "gp3"
    encrypted   = true
  }

  tags = {
    Name    = each.key
    cluster = local.expect.name
  }

  lifecycle {
    # A newer Ubuntu must not replace all members at once: terraform apply -replace takes it to one of them.
    ignore_changes = [ami]
  }
}

# The data outlive the instance: a member that is replaced goes on with them.
resource "aws_ebs_volume" "data" {
  for_each = local.members

  availability_zone = data.aws_subnet.member[each.key].availability_zone
  type              = "gp3"
  size              = var.disk_gib
  encrypted         = true

  tags = {
    Name    = "${each.key}-data"
    cluster = local.expect.name
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_volume_attachment" "data" {
  for_each = local.members

  device_name                    = "/dev/sdf" # which Nitro instances see as /dev/nvme1n1
  volume_id                      = aws_ebs_volume.data[each.key].id
  instance_id                    = aws_instance.member[each.key].id
  stop_instance_before_detaching = true
}

# One member: its instance, and the disk that its data are on.

resource "aws_instance" "member" {
  ami                         = var.image_id
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  private_ip                  = var.address
  associate_public_ip_address = false
  vpc_security_group_ids      = [var.security_group_id]

  # A file that has not changed is no difference. cloud-init looks at user-data once, so a changed one is for a new instance.
  user_data_base64            = var.user_data
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
    Name    = var.name
    cluster = var.cluster
  }

  lifecycle {
    # A newer Ubuntu must not replace all members at once: it comes with the next replacement, or with -replace.
    ignore_changes = [ami]
  }
}

# The data outlive the instance: a member that is replaced goes on with them.
resource "aws_ebs_volume" "data" {
  availability_zone = var.availability_zone
  type              = "gp3"
  size              = var.disk_gib
  encrypted         = true

  tags = {
    Name    = "${var.name}-data"
    cluster = var.cluster
  }

  lifecycle {
    prevent_destroy = true
  }
}

resource "aws_volume_attachment" "data" {
  device_name                    = "/dev/sdf" # which Nitro instances see as /dev/nvme1n1
  volume_id                      = aws_ebs_volume.data.id
  instance_id                    = aws_instance.member.id
  stop_instance_before_detaching = true
}

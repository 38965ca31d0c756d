# Clients reach 2379 from where they are allowed to; 2380 is for the members alone. Nothing else gets in: for ssh, add a rule of
# your own or use a bastion host.

resource "aws_security_group" "etcd" {
  name        = "${local.expect.name}-etcd"
  description = "The members of the etcd cluster ${local.expect.name}"
  vpc_id      = values(data.aws_subnet.member)[0].vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "clients" {
  for_each = toset(var.client_cidrs)

  security_group_id = aws_security_group.etcd.id
  description       = "etcd clients"
  cidr_ipv4         = each.value
  ip_protocol       = "tcp"
  from_port         = 2379
  to_port           = 2379
}

resource "aws_vpc_security_group_ingress_rule" "members" {
  security_group_id            = aws_security_group.etcd.id
  description                  = "etcd members, each to each"
  referenced_security_group_id = aws_security_group.etcd.id
  ip_protocol                  = "tcp"
  from_port                    = 2379
  to_port                      = 2380
}

# Out is open: hosts download etcd at first boot, unless it is on a golden image, through the subnets' NAT gateway.
resource "aws_vpc_security_group_egress_rule" "all" {
  security_group_id = aws_security_group.etcd.id
  cidr_ipv4         = "0.0.0.0/0"
  ip_protocol       = "-1"
}

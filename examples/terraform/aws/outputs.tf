output "members" {
  description = "Each member's address and instance."
  value       = { for name, member in local.members : name => { address = member.address, instance = module.member[name].instance } }
}

output "expect" {
  description = "What etcd-verify --expect takes."
  value       = "${var.out}/expect.json"
}

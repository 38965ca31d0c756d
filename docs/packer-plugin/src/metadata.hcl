# For the list of integrations at developer.hashicorp.com/packer/integrations.
integration {
  name = "etcd"
  description = "Bake etcd into golden images that hold no secret."
  identifier = "packer/etcdbake/etcd"
  component {
    type = "provisioner"
    name = "etcd"
    slug = "etcd"
  }
}

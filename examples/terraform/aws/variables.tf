variable "out" {
  description = "The folder that etcdbake generate wrote, for target.cloud: aws."
  type        = string
  default     = "out"
}

variable "region" {
  description = "The region, such as eu-central-1."
  type        = string
}

variable "subnet_ids" {
  description = "The subnet of every member, by its name. The members' addresses in the spec are addresses of these; one availability zone each is best."
  type        = map(string)
}

variable "client_cidrs" {
  description = "Who may connect to port 2379: the addresses of etcd's clients, and of the machine that runs etcd-verify."
  type        = list(string)

  validation {
    condition     = alltrue([for cidr in var.client_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "Give networks such as 10.140.0.0/24; etcd is never open to everyone."
  }
}

variable "image_id" {
  description = "The AMI: a golden image, or one of a distribution. Empty for Ubuntu 24.04."
  type        = string
  default     = ""
}

variable "architecture" {
  description = "Of the hosts, as in the spec: amd64 or arm64. It chooses the image where none is given."
  type        = string
  default     = "amd64"
}

variable "instance_type" {
  description = "One with NVMe disks (Nitro), so that the data disk is /dev/nvme1n1."
  type        = string
  default     = "m6i.large"
}

variable "disk_gib" {
  description = "The size of each data disk. etcd's quota is at most 8 GiB."
  type        = number
  default     = 20
}

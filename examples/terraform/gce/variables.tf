variable "out" {
  description = "The folder that etcdbake generate wrote, for target.cloud: gce."
  type        = string
  default     = "out"
}

variable "project" {
  description = "The project's ID."
  type        = string
}

variable "region" {
  description = "The region, such as europe-west4."
  type        = string
}

variable "zones" {
  description = "Zones of the region, which the members are spread over."
  type        = list(string)
}

variable "subnetwork" {
  description = "The subnetwork: its name, or its self link where it is in another project. The members' addresses in the spec are addresses of it."
  type        = string
}

variable "network" {
  description = "The network of the subnetwork."
  type        = string
}

variable "client_cidrs" {
  description = "Who may connect to port 2379: the addresses of etcd's clients, and of the machine that runs etcd-verify."
  type        = list(string)

  validation {
    condition     = alltrue([for cidr in var.client_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "Give networks such as 10.140.0.0/24; etcd is never open to everyone."
  }
}

variable "image" {
  description = "The image: a golden one, or a distribution's. A cloud-config needs one with cloud-init, which Google's Debian has not; a script runs on any."
  type        = string
  default     = "ubuntu-os-cloud/ubuntu-2404-lts-amd64"
}

variable "machine_type" {
  description = "The machine type; t2a-standard-2 and an arm64 image for arm64."
  type        = string
  default     = "e2-standard-2"
}

variable "disk_gib" {
  description = "The size of each data disk. etcd's quota is at most 8 GiB; larger SSDs are faster ones."
  type        = number
  default     = 20
}

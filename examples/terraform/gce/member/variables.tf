variable "name" {
  type = string
}

variable "cluster" {
  type = string
}

variable "address" {
  type = string
}

variable "file" {
  description = "The path of what the host is given."
  type        = string
}

variable "image" {
  type = string
}

variable "machine_type" {
  type = string
}

variable "region" {
  type = string
}

variable "zone" {
  type = string
}

variable "subnetwork" {
  type = string
}

variable "tag" {
  type = string
}

variable "disk_gib" {
  type = number
}

output "instance" {
  value = google_compute_instance.member.id
}

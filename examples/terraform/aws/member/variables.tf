variable "name" {
  type = string
}

variable "cluster" {
  type = string
}

variable "address" {
  type = string
}

variable "user_data" {
  description = "In base64."
  type        = string
  sensitive   = true
}

variable "image_id" {
  type = string
}

variable "instance_type" {
  type = string
}

variable "subnet_id" {
  type = string
}

variable "availability_zone" {
  type = string
}

variable "security_group_id" {
  type = string
}

variable "disk_gib" {
  type = number
}

output "instance" {
  value = aws_instance.member.id
}

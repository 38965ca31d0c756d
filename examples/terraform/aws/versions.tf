terraform {
  required_version = ">= 1.4"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.0, < 7.0"
    }
  }

  # User-data holds private keys and ends up in the state. Keep it encrypted, and let few people read it:
  #
  # backend "s3" {
  #   bucket       = "my-terraform-state"
  #   key          = "k8s-etcd"
  #   region       = "eu-central-1"
  #   encrypt      = true
  #   kms_key_id   = "alias/terraform-state"
  #   use_lockfile = true
  # }
}

provider "aws" {
  region = var.region
}

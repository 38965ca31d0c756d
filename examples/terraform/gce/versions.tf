terraform {
  required_version = ">= 1.4"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = ">= 5.0, < 8.0"
    }
  }

  # User-data holds private keys and ends up in the state. Keep it encrypted, and let few people read it:
  #
  # backend "gcs" {
  #   bucket             = "my-terraform-state"
  #   prefix             = "k8s-etcd"
  #   kms_encryption_key = "projects/my-project/locations/europe-west4/keyRings/terraform/cryptoKeys/state"
  # }
}

provider "google" {
  project = var.project
  region  = var.region
}

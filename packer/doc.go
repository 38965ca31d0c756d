// Package packer is the plugin for HashiCorp Packer: a provisioner that lays the plan's image layer down on a guest, over
// Packer's communicator, and proves that the image holds no secret. It decides nothing about hosts: that is the plan's work.
package packer

# The protocol 6 lab: nested attributes, dynamic values, exact numbers, sets in a new order at each read.
terraform {
  required_providers {
    cloudsix = {
      source = "registry.terraform.io/driftmgr/cloudsix"
    }
  }
}

variable "cloud" {
  type = string
}

provider "cloudsix" {
  cloud = abspath(var.cloud)
}

resource "cloudsix_widget" "full" {
  name     = "full"
  kind     = "large"
  size     = 12
  ratio    = 0.1
  exact    = 123456789012345678901234567890.125
  labels   = { env = "lab", "cost/centre" = "42" }
  aliases  = ["one", "two"]
  zones    = ["a", "b", "c"]
  document = { nested = [1, "two", true], deep = { n = 1e30 } }
  policy   = jsonencode({ allow = ["read"], deny = [] })
  password = "MARKER-password"

  endpoint = {
    host  = "db.internal"
    port  = 5432
    token = "MARKER-endpoint-token"
  }

  volumes = [
    { name = "root", gb = 20 },
    { name = "data", gb = 100.5, key = "MARKER-volume-key" },
  ]

  rules = [
    { port = 22, protocol = "tcp", cidrs = ["10.0.0.0/8"] },
    { port = 443, protocol = "tcp", cidrs = ["10.0.0.0/8", "192.168.0.0/16"] },
  ]

  limits = {
    cpu    = { max = 4 }
    memory = { max = 16.5, note = "GiB" }
  }

  setting {
    key   = "mode"
    value = "fast"
  }

  network {
    cidr   = "10.0.0.0/24"
    public = false
  }

  network {
    cidr   = "10.0.1.0/24"
    public = true
  }

  logging {
    bucket = "logs"
  }
}

resource "cloudsix_widget" "bare" {
  name = "bare"
}

resource "cloudsix_note" "many" {
  count = 5
  name  = "note-${count.index}"
  text  = "number ${count.index}"
}

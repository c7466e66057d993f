# The protocol 5 lab: one resource of every kind that can differ. `cloud` is the JSON file that plays the cloud.
terraform {
  required_providers {
    cloudfive = {
      source = "registry.terraform.io/driftmgr/cloudfive"
    }
  }
}

variable "cloud" {
  type = string
}

variable "token" {
  type      = string
  sensitive = true
  default   = "MARKER-provider-token"
}

locals {
  environment = "lab"
  policy      = jsonencode({ Version = "2012", Statement = [{ Effect = "Allow", Action = ["read", "list"] }] })
}

provider "cloudfive" {
  cloud = abspath(var.cloud)
  token = var.token
}

provider "cloudfive" {
  alias = "west"
  cloud = abspath(var.cloud)

  endpoints {
    compute = "https://west.example.com/${local.environment}"
  }
}

resource "cloudfive_server" "full" {
  name        = "full"
  image       = "debian-12"
  description = "everything set"
  cpus        = 4
  price       = 0.0125
  tags        = { env = local.environment, owner = "platform" }
  aliases     = ["one", "two", "three"]
  groups      = ["blue", "green"]
  policy      = local.policy
  password    = "MARKER-password"

  disk {
    name      = "root"
    size_gb   = 20
    encrypted = true
    key       = "MARKER-disk-key"
  }

  disk {
    name    = "data"
    size_gb = 100
  }

  rule {
    port  = 22
    cidrs = ["10.0.0.0/8"]
  }

  rule {
    port  = 443
    cidrs = ["10.0.0.0/8", "192.168.0.0/16"]
  }
}

resource "cloudfive_server" "bare" {
  name  = "bare"
  image = "debian-12"
}

resource "cloudfive_server" "counted" {
  count = 2
  name  = "counted-${count.index}"
  image = "debian-12"
  tags  = {}
}

resource "cloudfive_bucket" "each" {
  for_each = toset(["logs", "back up"])
  provider = cloudfive.west
  name     = each.key
  tags     = { purpose = each.key }
}

module "network" {
  source = "./network"
  count  = 1
}

data "cloudfive_server" "full" {
  name = cloudfive_server.full.name
}

output "password" {
  value     = data.cloudfive_server.full.password
  sensitive = true
}

# The classes of noise that the AWS lab cannot make, on providers whose cloud is a file.

terraform {
  required_providers {
    cloudfive = { source = "driftmgr/cloudfive" }
    cloudsix  = { source = "driftmgr/cloudsix" }
  }
}

# Cases by `TYPE.NAME` of the resource that they change.
variable "cases" {
  type = map(list(string))
}

provider "cloudfive" {
  cloud = "${path.root}/cloud.json"
}

provider "cloudsix" {
  cloud = "${path.root}/cloud.json"
}

resource "cloudsix_widget" "full" {
  for_each = toset(lookup(var.cases, "cloudsix_widget.full", []))
  name     = each.key
  kind     = "large"
  size     = 12
  labels   = { team = "red", environment = "prod" }
  aliases  = ["one", "two"]
  zones    = ["a", "b", "c"]
  document = { port = 80, hosts = ["x", "y"] }
  policy   = jsonencode({ allow = ["read"], deny = [] })
  password = "planted-password"
  endpoint = { host = "db.internal", port = 5432, token = "planted-token" }
  volumes  = [{ name = "root", gb = 20 }, { name = "data", gb = 100 }]
  rules    = [{ port = 22, protocol = "tcp", cidrs = ["10.0.0.0/8"] }, { port = 443, protocol = "tcp", cidrs = ["10.0.0.0/8"] }]
  network {
    cidr = "10.0.0.0/24"
  }
  network {
    cidr = "10.0.1.0/24"
  }
}

resource "cloudsix_widget" "bare" {
  for_each = toset(lookup(var.cases, "cloudsix_widget.bare", []))
  name     = each.key
}

resource "cloudsix_widget" "ignoring" {
  for_each = toset(lookup(var.cases, "cloudsix_widget.ignoring", []))
  name     = each.key
  size     = 1
  aliases  = ["one"]
  lifecycle {
    ignore_changes = [size]
  }
}

resource "cloudfive_server" "full" {
  for_each = toset(lookup(var.cases, "cloudfive_server.full", []))
  name     = each.key
  image    = "debian-12"
  cpus     = 4
  price    = 0.5
  tags     = { team = "red" }
  aliases  = ["www", "web"]
  groups   = ["a", "b", "c"]
  policy   = jsonencode({ allow = ["read"], deny = [] })
  password = "planted-password"
  disk {
    name      = "root"
    size_gb   = 20
    encrypted = true
  }
  rule {
    port  = 443
    cidrs = ["10.0.0.0/8"]
  }
}

resource "cloudfive_server" "bare" {
  for_each = toset(lookup(var.cases, "cloudfive_server.bare", []))
  name     = each.key
  image    = "debian-12"
}

resource "cloudfive_bucket" "plain" {
  for_each = toset(lookup(var.cases, "cloudfive_bucket.plain", []))
  name     = each.key
}

resource "cloudfive_clock" "plain" {
  for_each = toset(lookup(var.cases, "cloudfive_clock.plain", []))
  name     = each.key
}

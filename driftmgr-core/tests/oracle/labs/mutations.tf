# One object for each row of the mutation tables, so that one plan judges them all. NAME of a row is the key of its instance and the name of its
# object in the cloud.
terraform {
  required_providers {
    cloudfive = {
      source = "registry.terraform.io/driftmgr/cloudfive"
    }
    cloudsix = {
      source = "registry.terraform.io/driftmgr/cloudsix"
    }
  }
}

variable "cloud" {
  type = string
}

# Names of rows by `TYPE.NAME` of the resource that they change.
variable "rows" {
  type = map(list(string))
}

provider "cloudfive" {
  cloud = abspath(var.cloud)
  token = "MARKER-provider-token"
}

provider "cloudsix" {
  cloud = abspath(var.cloud)
}

resource "cloudfive_server" "full" {
  for_each    = toset(var.rows["cloudfive_server.full"])
  name        = each.key
  image       = "debian-12"
  description = "everything set"
  cpus        = 4
  price       = 0.0125
  tags        = { env = "lab", owner = "platform" }
  aliases     = ["one", "two", "three"]
  groups      = ["blue", "green"]
  policy      = jsonencode({ Version = "2012", Statement = [{ Effect = "Allow", Action = ["read", "list"] }] })
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
  for_each = toset(var.rows["cloudfive_server.bare"])
  name     = each.key
  image    = "debian-12"
}

resource "cloudsix_widget" "full" {
  for_each = toset(var.rows["cloudsix_widget.full"])
  name     = each.key
  kind     = "large"
  size     = 12
  ratio    = 0.1
  exact    = 123456789012345678901234567890.125
  labels   = { env = "lab", "cost/centre" = "42" }
  aliases  = ["one", "two", "three"]
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

  setting {
    key   = "tier"
    value = "gold"
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
  for_each = toset(var.rows["cloudsix_widget.bare"])
  name     = each.key
}

# Set, and empty: not the same as not set.
resource "cloudsix_widget" "empty" {
  for_each = toset(var.rows["cloudsix_widget.empty"])
  name     = each.key
  aliases  = []
  labels   = {}
  zones    = []
  volumes  = []
  rules    = []
  limits   = {}
  document = "1"
}

# Providers whose reality is this machine: files, the clock, and the state itself.
terraform {
  required_providers {
    local = { source = "hashicorp/local" }
    null  = { source = "hashicorp/null" }
    time  = { source = "hashicorp/time" }
  }
}

resource "local_file" "each" {
  for_each = toset(["same", "edited", "removed", "folder", "link", "emptied", "longer", "protected"])
  filename = "files/${each.key}.txt"
  content  = "content of ${each.key}\n"
}

resource "local_file" "empty" {
  for_each = toset(["same", "written", "removed"])
  filename = "files/empty-${each.key}.txt"
  content  = ""
}

resource "local_file" "secret" {
  for_each          = toset(["same", "edited", "removed"])
  filename          = "files/secret-${each.key}.txt"
  sensitive_content = "MARKER-of-${each.key}"
}

resource "local_file" "binary" {
  for_each       = toset(["same", "edited", "removed"])
  filename       = "files/binary-${each.key}.bin"
  content_base64 = base64encode("\u0000\u0001 ${each.key}")
}

resource "null_resource" "plain" {
}

resource "null_resource" "triggered" {
  for_each = toset(["same", "edited"])
  triggers = { of = "triggers" }
}

resource "terraform_data" "each" {
  for_each         = toset(["same", "edited"])
  input            = { name = "data", list = [1, "two", true] }
  triggers_replace = ["a", 1]
}

resource "terraform_data" "plain" {
}

resource "time_static" "now" {
}

resource "time_static" "then" {
  rfc3339 = "2020-02-29T12:00:00Z"
}

resource "time_offset" "later" {
  base_rfc3339  = "2020-02-29T12:00:00Z"
  offset_months = 1
}

resource "time_rotating" "each" {
  for_each      = toset(["fresh", "due"])
  rotation_days = 30
}

resource "time_sleep" "short" {
  create_duration = "1ms"
}

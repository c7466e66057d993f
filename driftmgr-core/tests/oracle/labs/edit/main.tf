# Resources and modules of every kind of key, none of which needs a plugin.
resource "terraform_data" "one" {
  input = "one"
}

resource "terraform_data" "two" {
  input = terraform_data.one.output
}

resource "terraform_data" "counted" {
  count = 3
  input = "${terraform_data.two.output}-${count.index}"
}

resource "terraform_data" "mapped" {
  for_each = toset(["a", "b c"])
  input    = sensitive(each.key)
}

resource "terraform_data" "same" {
  count = 1
  input = 1e30
}

module "a" {
  source = "./m"
  name   = "a"
}

module "b" {
  source   = "./m"
  for_each = toset(["x", "y"])
  name     = each.key
}

resource "terraform_data" "last" {
  input = [module.a.out, module.b["x"].out, terraform_data.counted[0].output]
}

output "last" {
  value = terraform_data.last.output
}

variable "name" {}

resource "terraform_data" "in" {
  input = var.name
}

resource "terraform_data" "many" {
  count = 2
  input = terraform_data.in.output
}

module "n" {
  source = "./n"
  value  = terraform_data.in.output
}

output "out" {
  value = module.n.out
}

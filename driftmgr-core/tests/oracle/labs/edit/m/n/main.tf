variable "value" {}

resource "terraform_data" "deep" {
  input = var.value
}

output "out" {
  value = terraform_data.deep.output
}

variable "in" { type = string }
output "out" { value = { got = var.in, where = path.module } }

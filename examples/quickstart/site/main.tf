variable "pages" {
  type = map(string)
}

resource "local_file" "page" {
  for_each = var.pages

  filename = "public/${each.key}.html"
  content  = "<!doctype html>\n<title>${each.value}</title>\n<h1>${each.value}</h1>\n"
}

output "files" {
  value = { for name, page in local_file.page : name => page.filename }
}

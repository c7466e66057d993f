# A small site: pages from a map, a file that search engines read, a release marker.
# `terraform.tfstate` is what `terraform apply` wrote. Afterwards somebody edited one page and removed another file.

terraform {
  required_providers {
    local = {
      source = "hashicorp/local"
    }
    null = {
      source = "hashicorp/null"
    }
  }
}

variable "pages" {
  type = map(string)
  default = {
    index   = "Welcome"
    about   = "About us"
    contact = "Write to us"
  }
}

module "site" {
  source = "./site"
  pages  = var.pages
}

resource "local_file" "robots" {
  filename = "public/robots.txt"
  content  = "User-agent: *\nDisallow: /drafts/\n"
}

resource "terraform_data" "release" {
  input = {
    version = "1.4.0"
    pages   = length(var.pages)
  }
}

resource "null_resource" "announce" {
  triggers = {
    release = terraform_data.release.id
  }
}

output "pages" {
  value = module.site.files
}

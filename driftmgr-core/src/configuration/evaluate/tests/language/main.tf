variable "o" {
  type = object({
    name = string
    size = optional(number, 3)
    tags = optional(map(string))
    deep = optional(object({ a = optional(string, "d") }), {})
  })
}
variable "l" { type = list(number) }
variable "s" { type = set(string) }
variable "untyped" {}
variable "from_env" { type = map(bool) }
variable "t" { type = tuple([string, bool]) }
module "child" {
  source = "./child"
  in     = "x-${terraform.workspace}"
}
locals {
  plain   = <<EOT
one
  two ${1 + 1}
EOT
  flush   = <<-EOT
    a
      b $${x} "q" \n
    c
  EOT
  looped  = <<EOT
    %{ for x in ["p", "q"] ~}
    - ${x}
    %{ endfor ~}
    end
EOT
  strips  = <<EOT
x %{ if true ~}

  a
  %{~ endif }
b

${~ 1 }
   ${ 2 ~}
  y
EOT
  mixed   = <<-EOT
    ${"first"}
      ${"second"} and
    third ${"x"}
  EOT
  empty   = <<EOT
EOT
  inline  = "a\tb\\c\"d\u00e9 %%{x} $$ %"
  keys    = { a = 1, "b" = 2, (join("", ["c", "d"])) : 3, 4 = "n" }
  grouped = { for i, v in ["x", "y", "x"] : v => i... }
  nested  = [for a in [1, 2] : [for b in ["m", "n"] : "${a}${b}"]]
  cond    = (
    1 > 2
    ? "no"
    : "yes" # comment
  )
  legacy  = [["a"], ["b"]].1[0]
  chain   = !false && 1 + 2 * 3 - 4 / 2 == 5 || false
  /* block
     comment */
  filter  = { for k, v in { a = 1, b = 2 } : upper(k) => v * 10 if v > 1 }
  splat   = [{ n = [{ v = 1 }, { v = 2 }] }, { n = [] }][*].n[*].v
  mod     = module.child.out
  pm      = [path.module, path.root, terraform.workspace]
  vars    = [var.o, var.l, var.s, var.untyped, var.from_env, var.t]
  trick   = { "a.b" = "${"${"inner"}"}" }
  num     = [1.0, 1.50, 1e2, -0.5, 12345678901234567890]
  esc     = "${"}"}"
  nullish = { n = null, l = [null] }
  tern    = true ? "a" : null
  interp  = "${[1, 2]}"
  multi   = "x${"y"}z%{ if 1 == 1 }w%{ endif }"
}
